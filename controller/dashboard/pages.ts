// The pages: an answer put into its template, with the frame around it. Handlebars escapes every value.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RouterAnswer } from '../explain/router.ts';
import { type Answer, answerOf } from './answers.ts';
import { type HtmlTemplate, loadPages } from './html.ts';
import { looksLikeUrl } from './lookup.ts';
import type { Moment } from './moment.ts';
import { helpers, linkTo } from './show.ts';
import type { Page } from './views.ts';

export interface File {
  readonly type: string;
  readonly body: string;
}

export type Rendered =
  | { readonly kind: 'page'; readonly status: number; readonly body: string }
  /** Another page says it: where that is. */
  | { readonly kind: 'redirect'; readonly location: string };

const FILES: Readonly<Record<string, string>> = {
  'style.css': 'text/css; charset=utf-8',
  'live.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/** Pages in the order of the navigation, with the views that belong to them. */
const NAVIGATION = [
  { label: 'Overview', page: '', of: ['overview'] },
  { label: 'Hosts', page: 'hosts', of: ['hosts', 'host', 'lookup'] },
  { label: 'Routes', page: 'routes', of: ['routes'] },
  { label: 'Backends', page: 'backends', of: ['backends', 'backend'] },
  { label: 'Certificates', page: 'certificates', of: ['certificates'] },
  { label: 'Problems', page: 'problems', of: ['problems'] },
  { label: 'Changes', page: 'changes', of: ['changes'] },
  { label: 'Profiles', page: 'profiles', of: ['profiles'] },
] as const;

export class PageRenderer {
  readonly #files: ReadonlyMap<string, File>;
  readonly #templates: ReadonlyMap<string, HtmlTemplate>;

  /** Reads the templates and files of a folder once. */
  constructor(folder: string) {
    this.#files = new Map(
      Object.entries(FILES).map(([name, type]) => [name, { type, body: readFileSync(join(folder, name), 'utf8') }]),
    );
    this.#templates = loadPages(folder, helpers(Date.now));
  }

  /** A file that pages refer to. */
  file(name: string): File | null {
    return this.#files.get(name) ?? null;
  }

  /** The page at /dashboard/`name`; '' is the overview. `routed` as answerOf() has it. */
  page(moment: Moment, name: string, parameters: URLSearchParams, routed: RouterAnswer | null): Rendered {
    if (name === 'search') return { kind: 'redirect', location: searchLocation(moment, parameters.get('q') ?? '') };
    const answer = answerOf(moment, name === '' ? 'overview' : name, parameters, routed);
    if (answer.kind === 'error') {
      const title = answer.status === 404 ? 'Not found' : 'Not understood';
      return { kind: 'page', status: answer.status, body: this.message(title, answer.message) };
    }
    const body = this.#render(answer.kind, {
      ...frame(answer.kind, titleOf(answer), moment.problems.length),
      view: answer.view,
      pager: pagerOf(answer, name, parameters),
    });
    return { kind: 'page', status: 200, body };
  }

  /** A page that says one thing. */
  message(title: string, text: string): string {
    return this.#render('message', { ...frame('message', title, 0), text });
  }

  #render(name: string, view: object): string {
    const template = this.#templates.get(name);
    if (template === undefined) throw new Error(`there is no template page-${name}.hbs`);
    return template(view);
  }
}

function frame(kind: string, title: string, problems: number) {
  const nav = NAVIGATION.map(({ label, page, of }) => ({
    label,
    href: linkTo(page, {}),
    current: of.some((view) => view === kind),
    badge: page === 'problems' && problems > 0 ? problems.toLocaleString('en') : null,
  }));
  return { title, nav, taken: new Date().toISOString() };
}

function titleOf({ kind, view }: Exclude<Answer, { kind: 'error' }>): string {
  switch (kind) {
    case 'host':
      return view.host.name;
    case 'backend':
      return view.backend.id;
    case 'lookup':
      return `${view.host}${view.path}`;
    default:
      return `${kind[0]?.toUpperCase() ?? ''}${kind.slice(1)}`;
  }
}

/** What the search field leads to: a URL to what serves it, the name of a host to that, everything else to the list. */
function searchLocation({ model }: Moment, text: string): string {
  const wanted = text.trim();
  if (looksLikeUrl(wanted)) return linkTo('lookup', { url: wanted });
  if (model.hosts.has(wanted.toLowerCase())) return linkTo('host', { name: wanted.toLowerCase() });
  return linkTo('hosts', wanted === '' ? {} : { q: wanted });
}

function listOf(answer: Exclude<Answer, { kind: 'error' }>): Page<unknown> | null {
  if (answer.kind === 'host') return answer.view.routes;
  return 'items' in answer.view ? answer.view : null;
}

function pagerOf(answer: Exclude<Answer, { kind: 'error' }>, name: string, parameters: URLSearchParams) {
  const list = listOf(answer);
  if (list === null) return null;
  const { page, pages, size, total, items } = list;
  const to = (number: number): string => linkTo(name, { ...Object.fromEntries(parameters), page: String(number) });
  return {
    total,
    page,
    pages,
    many: pages > 1,
    from: (page - 1) * size + 1,
    to: (page - 1) * size + items.length,
    first: page > 1 ? to(1) : null,
    previous: page > 1 ? to(page - 1) : null,
    next: page < pages ? to(page + 1) : null,
    last: page < pages ? to(pages) : null,
  };
}
