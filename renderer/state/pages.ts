/** A long list that stays with the backend: only pages near the rows that are looked at are held. No framework. */
import type { Page } from '../../shared/audit/result.ts';

export interface Slice {
  offset: number;
  limit: number;
}

/**
 * Which pages of a size cover rows first..last.
 * @returns page numbers, in order; none when the range is empty
 */
export function pagesFor(first: number, last: number, size: number, total: number): number[] {
  const end = Math.min(last, total - 1);
  if (end < first) return [];
  const pages: number[] = [];
  for (let page = Math.floor(Math.max(0, first) / size); page <= Math.floor(end / size); page++)
    pages.push(page);
  return pages;
}

export class Pages<T> {
  /** Rows of the query; null until the first page has come. */
  total: number | null = null;
  /** What the last failed call threw; null when none failed since the last reset. */
  failed: unknown = null;

  readonly #fetch: (slice: Slice) => Promise<Page<T>>;
  readonly #changed: () => void;
  readonly #size: number;
  readonly #keep: number;
  readonly #pages = new Map<number, T[]>();
  readonly #asked = new Set<number>();
  #generation = 0;

  /**
   * @param fetch asks the backend for rows offset..offset+limit of the present query
   * @param changed called when rows have come or a call has failed
   * @param size rows a page
   * @param keep pages that are held; the oldest are dropped
   */
  constructor(fetch: (slice: Slice) => Promise<Page<T>>, changed: () => void, size = 200, keep = 24) {
    this.#fetch = fetch;
    this.#changed = changed;
    this.#size = size;
    this.#keep = keep;
  }

  /** Begins again, for a new query. The total stays until the new one is known, so nothing jumps on screen. */
  reset(): void {
    this.#generation++;
    this.#pages.clear();
    this.#asked.clear();
    this.failed = null;
    void this.#load(0);
  }

  /** The row at an index, or undefined while its page is on the way. */
  row(index: number): T | undefined {
    return this.#pages.get(Math.floor(index / this.#size))?.[index % this.#size];
  }

  /** Asks for what is missing of rows first..last. */
  want(first: number, last: number): void {
    if (this.total === null) return;
    for (const page of pagesFor(first, last, this.#size, this.total)) {
      if (!this.#pages.has(page)) void this.#load(page);
    }
  }

  async #load(page: number): Promise<void> {
    if (this.#asked.has(page)) return;
    this.#asked.add(page);
    const generation = this.#generation;
    try {
      const answer = await this.#fetch({ offset: page * this.#size, limit: this.#size });
      if (generation !== this.#generation) return;
      this.#pages.set(page, answer.rows);
      for (const old of this.#pages.keys()) {
        if (this.#pages.size <= this.#keep) break;
        this.#pages.delete(old);
        this.#asked.delete(old);
      }
      this.total = answer.total;
    } catch (cause) {
      if (generation !== this.#generation) return;
      this.#asked.delete(page);
      this.failed = cause;
    }
    this.#changed();
  }
}
