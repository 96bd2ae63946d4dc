// Lists in pages.
import type { Page } from './views.ts';

/** What the address of a page asks for. */
export interface Query {
  readonly text: string;
  readonly page: number;
  readonly size: number;
}

export const PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;
const MAX_TEXT = 300;

export function queryOf(parameters: URLSearchParams): Query {
  return {
    text: (parameters.get('q') ?? '').trim().slice(0, MAX_TEXT),
    page: natural(parameters.get('page'), 1, 1_000_000),
    size: natural(parameters.get('size'), PAGE_SIZE, MAX_PAGE_SIZE),
  };
}

function natural(text: string | null, initial: number, most: number): number {
  return text !== null && /^[1-9][0-9]{0,6}$/.test(text) ? Math.min(Number(text), most) : initial;
}

/** The page of `items` that is asked for, the last one when there are not as many; only its items are made into rows. */
export function pageOf<T, R>(items: readonly T[], { text, page, size }: Query, row: (item: T) => R): Page<R> {
  const pages = Math.max(1, Math.ceil(items.length / size));
  const current = Math.min(page, pages);
  const rows = items.slice((current - 1) * size, current * size).map(row);
  return { items: rows, page: current, pages, size, total: items.length, query: text };
}

/** Those of which a text contains what is searched for, in any case. */
export function matching<T>(
  items: readonly T[],
  { text }: Query,
  textsOf: (item: T) => readonly string[],
): readonly T[] {
  if (text === '') return items;
  const wanted = text.toLowerCase();
  return items.filter((item) => textsOf(item).some((candidate) => candidate.toLowerCase().includes(wanted)));
}
