/** Which rows of a long list exist: TanStack's virtualizer, as runes, with rows made a few a frame. */
import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualItem,
} from '@tanstack/virtual-core';
import { untrack } from 'svelte';

export interface ListShape {
  count: number;
  /** Pixels of a row by its index. */
  size: (index: number) => number;
}

/** Rows kept beyond each edge, and rows made in one frame at most. */
const OVERSCAN = 6;
const CHUNK = 10;

export class VirtualRows {
  items = $state.raw<VirtualItem[]>([]);
  /** Pixels of the whole list. */
  height = $state(0);
  /** The scrolling element; bind it. */
  scroller = $state<HTMLElement>();
  /** More than ever exist at once, so that `index % slots` names a row that can be used again. */
  slots = $state(64);

  readonly #shape: () => ListShape;
  readonly #seen: (first: number, last: number) => void;
  #virtualizer: Virtualizer<HTMLElement, HTMLElement> | null = null;
  #made = 0;
  #frame = 0;

  /**
   * Call while a component is made. What `shape` reads is followed.
   * @param seen told which rows are near the window, so that their data can be fetched
   */
  constructor(shape: () => ListShape, seen: (first: number, last: number) => void = () => undefined) {
    this.#shape = shape;
    this.#seen = seen;
    $effect(() => {
      if (!this.scroller) return;
      this.#virtualizer = new Virtualizer(untrack(() => this.#options()));
      const unmount = this.#virtualizer._didMount();
      return () => {
        unmount();
        cancelAnimationFrame(this.#frame);
        this.#virtualizer = null;
      };
    });
    $effect(() => {
      const { count } = this.#shape();
      void [count, this.scroller];
      untrack(() => {
        this.#virtualizer?.setOptions(this.#options());
        this.#virtualizer?._willUpdate();
        this.#virtualizer?.measure();
        this.#update();
      });
    });
  }

  /** Brings a row into sight. */
  reveal(index: number): void {
    this.#virtualizer?.scrollToIndex(index, { align: 'auto' });
  }

  #options() {
    const { count, size } = this.#shape();
    return {
      count,
      getScrollElement: () => this.scroller ?? null,
      estimateSize: size,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      overscan: OVERSCAN,
      onChange: () => this.#update(),
    };
  }

  #update(): void {
    if (!this.#virtualizer) return;
    const all = this.#virtualizer.getVirtualItems();
    const first = all[0];
    const last = all.at(-1);
    if (first && last) this.#seen(first.index, last.index);
    this.height = this.#virtualizer.getTotalSize();
    if (all.length > this.slots) this.slots = all.length + 8;
    // Once made, rows are used again, so this waits at the start alone.
    this.#made = Math.max(this.#made, Math.min(all.length, this.items.length + CHUNK));
    this.items = all.length > this.#made ? all.slice(0, this.#made) : all;
    if (all.length > this.#made) {
      this.#frame ||= requestAnimationFrame(() => {
        this.#frame = 0;
        this.#update();
      });
    }
  }
}
