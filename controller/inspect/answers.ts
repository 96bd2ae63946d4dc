// From a path and its query to an answer.
import type { Control } from '../apply/control.ts';
import { isSecret } from '../apply/state.ts';
import { placeOf } from '../explain/reasons.ts';
import type { RequestMetrics } from '../telemetry/families.ts';
import type { MeasuredRequests } from '../telemetry/measured.ts';
import { backendViews } from './backends.ts';
import { certificateViews } from './certificates.ts';
import type { Asked, Moment } from './moment.ts';
import { routeViews } from './routes.ts';
import { runningViews } from './running.ts';
import { countByService, trafficView } from './traffic.ts';
import type { ProblemView } from './views.ts';

export type Answer =
  /** One line each. */
  { readonly kind: 'rows'; readonly rows: Iterable<object> } | { readonly kind: 'text'; readonly text: string };

/** What is asked cannot be answered; the message says why, for the one who asks. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  readonly code = 'unanswered';
  readonly status: number;

  constructor(status: 400 | 403 | 404 | 503, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

export interface Measuring {
  readonly metrics: RequestMetrics;
  readonly requests: Pick<MeasuredRequests, 'read'>;
}

export interface Sources {
  readonly control: Pick<Control, 'ejections' | 'get'>;
  /** null where requests are not measured (without --enable-metrics). */
  readonly measured: Measuring | null;
  /** null until the first state is made. */
  moment(): Moment | null;
  /** A file of the configuration folder. */
  read(file: 'config' | 'certificate'): Promise<string>;
}

type Query = (name: string) => string;
type Handler = (sources: Sources, moment: Moment, query: Query, signal: AbortSignal) => Promise<Answer> | Answer;

/** By path; all of them only read. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  '/v1/routes': async (sources, moment, query, signal) => {
    const wanted = { host: query('host'), namespace: query('namespace'), ingress: query('ingress') };
    return rows(routeViews(moment, await askNginx(sources, signal), wanted));
  },
  '/v1/backends': async (sources, moment, query, signal) =>
    rows(backendViews(moment, await askNginx(sources, signal), { name: query('name'), namespace: query('namespace') })),
  '/v1/certificates': async ({ read }, moment, query) => {
    const wanted = { host: query('host'), namespace: query('namespace') };
    return rows(certificateViews(moment, await read('certificate'), wanted, Date.now()));
  },
  '/v1/problems': (_, moment, query) => rows(problemViews(moment, query('namespace'))),
  '/v1/traffic': async ({ measured }, _, __, signal) => {
    if (measured === null)
      throw new Unanswered(503, 'requests are not counted: the controller runs without --enable-metrics');
    try {
      const { series } = await measured.requests.read(signal);
      return rows([trafficView(series, measured.metrics, performance.now())]);
    } catch (cause) {
      throw new Unanswered(503, 'nginx does not say what it counted; sluice problems may say why', { cause });
    }
  },
  '/v1/reasons': (_, moment, query) => {
    const reasons = moment.reasons(placeOf(query));
    if (reasons === null) throw new Unanswered(404, `there is no host ${JSON.stringify(query('host'))}`);
    return rows([reasons]);
  },
  '/v1/running': (_, moment) => rows(runningViews(moment)),
  '/v1/state': async ({ control }, { snapshot }, query, signal) => {
    const name = query('name');
    if (isSecret(name)) throw new Unanswered(404, `${name} holds keys or password hashes, which nobody is shown`);
    if (!snapshot().running.state.has(name)) throw new Unanswered(404, `nginx has no object ${JSON.stringify(name)}`);
    return { kind: 'text', text: await control.get(`/v1/state/${encodeURI(name)}`, signal) };
  },
  '/v1/config': async ({ read }) => ({ kind: 'text', text: await read('config') }),
};

/** Rejects with Unanswered. */
export async function answer(sources: Sources, url: URL, signal: AbortSignal): Promise<Answer> {
  const handler = Object.hasOwn(HANDLERS, url.pathname) ? HANDLERS[url.pathname] : undefined;
  if (handler === undefined) throw new Unanswered(404, `there is no ${url.pathname} here`);
  const moment = sources.moment();
  if (moment === null)
    throw new Unanswered(503, 'the controller is starting: it has no state yet; its log says what it waits for');
  return handler(sources, moment, (name) => url.searchParams.get(name) ?? '', signal);
}

function rows(list: Iterable<object>): Answer {
  return { kind: 'rows', rows: list };
}

/** A page does not wait longer for nginx. */
const PATIENCE_MS = 2000;

async function askNginx({ control, measured }: Sources, signal: AbortSignal): Promise<Asked> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const [ejections, counts] = await Promise.all([
    control.ejections(patience).catch(() => null),
    measured?.requests.read(patience).then(
      ({ series }) => countByService(series),
      () => null,
    ) ?? null,
  ]);
  return { ejections, counts };
}

function* problemViews({ problems }: Moment, namespace: string): Generator<ProblemView> {
  for (const { object, severity, code, message } of problems) {
    if (namespace !== '' && object.namespace !== namespace) continue;
    yield { kind: object.kind, namespace: object.namespace, name: object.name, severity, code, message };
  }
}
