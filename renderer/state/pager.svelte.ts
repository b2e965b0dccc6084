/** Pages for a view: reading its values follows what comes, while the rows themselves stay out of reactive state. */
import type { Page } from '../../shared/audit/result.ts';
import { Pages, type Slice } from './pages.ts';

export class Pager<T> {
  /** Goes up whenever rows have come, so that a view which reads `row` follows. */
  version = $state(0);
  readonly #pages: Pages<T>;

  /** @param fetch asks the backend for rows offset..offset+limit of the present query */
  constructor(fetch: (slice: Slice) => Promise<Page<T>>) {
    this.#pages = new Pages(fetch, () => this.version++);
  }

  /** Rows of the query; null until the first page has come. */
  readonly total: number | null = $derived.by(() => {
    void this.version;
    return this.#pages.total;
  });
  readonly failed: unknown = $derived.by(() => {
    void this.version;
    return this.#pages.failed;
  });

  /** Begins again, for a new query. */
  reset(): void {
    this.#pages.reset();
  }

  /** The row at an index, or undefined while its page is on the way. */
  row(index: number): T | undefined {
    void this.version;
    return this.#pages.row(index);
  }

  /** Asks for what is missing of rows first..last. */
  want(first: number, last: number): void {
    this.#pages.want(first, last);
  }
}
