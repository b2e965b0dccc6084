/**
 * Names in the window come from files and clusters: marks in them that cannot be seen, or turn the direction of what stands
 * beside them, are shown as what they are, wherever a view prints them. One place for all views, also those to come.
 */
import { hasUnseen, visibleLines } from '../../shared/report/visible.ts';

/** Attributes that are read out or shown. */
const SHOWN = ['title', 'aria-label', 'placeholder', 'alt'];

/** Text as the window shows it: line breaks and tabs are of its own making. */
export function shownText(text: string): string {
  return hasUnseen(text)
    ? text
        .split('\t')
        .map((part) => visibleLines(part))
        .join('\t')
    : text;
}

function showText(node: Node): void {
  const text = node.nodeValue ?? '';
  const shown = shownText(text);
  if (shown !== text) node.nodeValue = shown;
}

function showAttributes(element: Element): void {
  for (const name of SHOWN) {
    const text = element.getAttribute(name);
    if (text === null) continue;
    const shown = shownText(text);
    if (shown !== text) element.setAttribute(name, shown);
  }
}

function showAll(node: Node): void {
  if (node.nodeType === Node.TEXT_NODE) showText(node);
  if (!(node instanceof Element)) return;
  showAttributes(node);
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let next = walker.nextNode(); next; next = walker.nextNode()) {
    if (next instanceof Element) showAttributes(next);
    else showText(next);
  }
}

/**
 * Keeps every text below an element visible, before it is painted.
 * @param root the window's own element
 */
export function keepTextVisible(root: Element): void {
  showAll(root);
  new MutationObserver((records) => {
    for (const { type, target, addedNodes } of records) {
      if (type === 'characterData') showText(target);
      else if (type === 'attributes') showAttributes(target as Element);
      else addedNodes.forEach(showAll);
    }
  }).observe(root, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: SHOWN,
  });
}
