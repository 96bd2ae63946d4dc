// The dashboard on the health port: answers GET below /dashboard with pages, JSON, two files of its own and events. Read-only:
// nothing that is sent here changes anything.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Control } from '../apply/control.ts';
import { askRouter, type RouterAnswer } from '../explain/router.ts';
import { tidy } from '../model/problems.ts';
import type { Host, HostName, Model, Problem } from '../model/types.ts';
import type { Journal } from '../telemetry/journal.ts';
import { answerOf, textOfLookup } from './answers.ts';
import { Listeners } from './listeners.ts';
import { parseAsked } from './lookup.ts';
import type { Moment } from './moment.ts';
import { PageRenderer } from './pages.ts';
import { TrafficWatch } from './traffic.ts';

export const DASHBOARD_PATH = '/dashboard';
const API_PATH = `${DASHBOARD_PATH}/api/`;
/** A moment serves all who ask within this time. */
const MOMENT_MS = 500;
const PATIENCE_MS = 500;

/** What it looks at. */
export interface DashboardParts {
  readonly control: Control;
  readonly journal: Journal;
  /** Folder of its templates. */
  readonly templates: string;
  isReady(): boolean;
  /** null until the first state was built. */
  model(): Model | null;
  /** The hosts as nginx has them. */
  served(): ReadonlyMap<HostName, Host>;
  problems(): readonly Problem[];
  reloads(): number;
}

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

export class Dashboard {
  readonly #parts: DashboardParts;
  readonly #signal: AbortSignal;
  readonly #listeners: Listeners;
  readonly #traffic: TrafficWatch;
  readonly #pages: PageRenderer;
  #moment: { readonly at: number; readonly of: Model; readonly value: Promise<Moment> } | null = null;

  /** Works until the signal. */
  constructor(parts: DashboardParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    this.#pages = new PageRenderer(parts.templates);
    this.#listeners = new Listeners(signal);
    this.#traffic = new TrafficWatch(
      (stop) => parts.control.traffic(stop),
      () => this.#listeners.tell(),
      signal,
    );
    parts.journal.listen(() => {
      this.#moment = null;
      if (parts.journal.newest?.event.kind === 'nginx') void this.#traffic.look(); // it has to be asked anew
      this.#listeners.tell();
    }, signal);
  }

  /** Answers a request whose path is DASHBOARD_PATH or below it. */
  async answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      send(response, 405, 'text/plain', 'the dashboard is read-only');
      return;
    }
    const path = url.pathname;
    const file = this.#pages.file(path.slice(DASHBOARD_PATH.length + 1));
    if (file !== null) send(response, 200, file.type, file.body);
    else if (path === `${DASHBOARD_PATH}/events`) this.#listen(request, response);
    else if (path.startsWith(API_PATH)) await this.#answerApi(response, path.slice(API_PATH.length), url);
    else await this.#answerPage(response, path, url);
  }

  #listen({ method }: IncomingMessage, response: ServerResponse): void {
    if (method === 'HEAD') send(response, 200, 'text/event-stream', '');
    else if (!this.#listeners.add(response, HEADERS)) {
      response.setHeader('Retry-After', '30');
      send(response, 503, 'text/plain', 'too many pages are listening');
    }
  }

  async #answerApi(response: ServerResponse, name: string, url: URL): Promise<void> {
    const moment = await this.#now();
    const routed = moment === null ? null : await this.#route(name, url.searchParams);
    const answer = moment === null ? null : answerOf(moment, name, url.searchParams, routed);
    if (answer === null) sendJson(response, 503, { error: NOT_READY });
    else if (answer.kind === 'error') sendJson(response, answer.status, { error: answer.message });
    else sendJson(response, 200, answer.view);
  }

  async #answerPage(response: ServerResponse, path: string, url: URL): Promise<void> {
    const moment = await this.#now();
    if (moment === null) {
      response.setHeader('Retry-After', '2');
      send(response, 503, 'text/html; charset=utf-8', this.#pages.message('Starting', NOT_READY));
      return;
    }
    const name = path.slice(DASHBOARD_PATH.length + 1);
    const routed = await this.#route(name, url.searchParams);
    const rendered = this.#pages.page(moment, name, url.searchParams, routed);
    if (rendered.kind === 'redirect') {
      response.setHeader('Location', rendered.location);
      send(response, 303, 'text/plain', '');
    } else send(response, rendered.status, 'text/html; charset=utf-8', rendered.body);
  }

  /** Asks nginx where a request would go; null for pages that do not need it, and while nginx does not answer. */
  async #route(page: string, parameters: URLSearchParams): Promise<RouterAnswer | null> {
    const asked = page === 'lookup' ? parseAsked(textOfLookup(parameters)) : null;
    if (asked === null) return null;
    const patience = AbortSignal.any([this.#signal, AbortSignal.timeout(PATIENCE_MS)]);
    const question = { host: asked.host, uri: asked.uri, headers: new Map(), cookies: new Map() };
    return askRouter(this.#parts.control, question, patience).catch(() => null);
  }

  /** null until there is a model. */
  #now(): Promise<Moment | null> {
    const model = this.#parts.model();
    if (model === null) return Promise.resolve(null);
    const known = this.#moment;
    if (known !== null && known.of === model && Date.now() - known.at < MOMENT_MS) return known.value;
    const value = this.#look(model);
    this.#moment = { at: Date.now(), of: model, value };
    return value;
  }

  async #look(model: Model): Promise<Moment> {
    const { control, journal } = this.#parts;
    const patience = AbortSignal.any([this.#signal, AbortSignal.timeout(PATIENCE_MS)]);
    const [counted, ejections] = await Promise.all([
      this.#traffic.counted(),
      control.ejections(patience).catch(() => null),
    ]);
    return {
      now: Date.now(),
      isReady: this.#parts.isReady(),
      model,
      served: this.#parts.served(),
      problems: tidy(this.#parts.problems()),
      counted,
      ejections,
      entries: journal.entries,
      reloads: this.#parts.reloads(),
    };
  }
}

const NOT_READY = 'Sluice has not read its source yet';

function send(response: ServerResponse, status: number, type: string, body: string): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': length });
  response.end(response.req.method === 'HEAD' ? '' : body);
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  send(response, status, 'application/json', `${JSON.stringify(value)}\n`);
}
