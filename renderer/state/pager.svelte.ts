/** A long list that stays with the backend: only the pages near the visible rows are held, and not reactively. */
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

export class Pager<T> {
  /** Rows of the query; null until the first page has come. */
  total = $state<number | null>(null);
  /** Goes up whenever rows have come, so that a view which reads `row` follows. */
  version = $state(0);
  failed = $state.raw<unknown>(null);

  readonly #fetch: (slice: Slice) => Promise<Page<T>>;
  readonly #size: number;
  readonly #keep: number;
  readonly #pages = new Map<number, T[]>();
  readonly #asked = new Set<number>();
  #generation = 0;

  /**
   * @param fetch asks the backend for rows offset..offset+limit of the present query
   * @param size rows a page
   * @param keep pages that are held; older ones are dropped
   */
  constructor(fetch: (slice: Slice) => Promise<Page<T>>, size = 200, keep = 24) {
    this.#fetch = fetch;
    this.#size = size;
    this.#keep = keep;
  }

  /** Begins again, for a new query. The total stays on screen until the new one is known, so nothing jumps. */
  reset(): void {
    this.#generation++;
    this.#pages.clear();
    this.#asked.clear();
    this.failed = null;
    void this.#load(0);
  }

  /** The row at an index, or undefined while its page is on the way. */
  row(index: number): T | undefined {
    void this.version;
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
      this.version++;
    } catch (cause) {
      if (generation !== this.#generation) return;
      this.#asked.delete(page);
      this.failed = cause;
    }
  }
}
