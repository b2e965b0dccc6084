/** Making a large view in parts: one piece a frame over the whole page, so that no frame has two of them. */

const waiting = new Set<() => void>();
let frame = 0;

function next(): void {
  const [first] = waiting;
  if (first) waiting.delete(first);
  frame = waiting.size > 0 ? requestAnimationFrame(next) : 0;
  first?.();
}

/**
 * Does a piece of work in a frame of its own, after the pieces that were asked for before it.
 * @param work makes a part of a view
 * @returns a function that calls it off, where it was not done yet
 */
export function inOwnFrame(work: () => void): () => void {
  // Each call is a piece of its own, also of one and the same function.
  const piece = (): void => work();
  waiting.add(piece);
  frame ||= requestAnimationFrame(next);
  return () => void waiting.delete(piece);
}
