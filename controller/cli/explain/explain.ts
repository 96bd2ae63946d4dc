// `sluice explain`: asks the running controller, or works from objects, and prints what was found.
import { dataOf } from '../../app.ts';
import { stateOf } from '../../apply/state.ts';
import { nameOf } from '../../explain/match.ts';
import { type Place, reasonsOf } from '../../explain/reasons.ts';
import { askRouter, type Foreseen, type Lookup, type Undecided } from '../../explain/router.ts';
import type { FlagValues } from '../../flags.ts';
import { CommandError, EXIT } from '../exit.ts';
import { printData } from '../output.ts';
import { readSnapshot, type Snapshot } from '../snapshot.ts';
import { backendState, foresee, sharesOf } from './canary.ts';
import type { ExplainInvocation } from './command.ts';
import type { BackendState, Explanation, Phase } from './explanation.ts';
import { lookup as lookUp } from './lookup.ts';
import { phasesOf } from './phases.ts';
import { type Question, questionOf } from './question.ts';
import { findRunning, type Running, reasonsOfRunning, valuesOfRunning } from './running.ts';
import { printExplanation } from './text.ts';
import { type HostValue, type RouteValue, type Values, valuesOfState } from './values.ts';

/** Throws UsageError, CommandError, ApiUnavailable. */
export async function explain({ words, options, flags, streams, signal }: ExplainInvocation): Promise<number> {
  const [url] = words;
  if (url === undefined) throw new CommandError(EXIT.usage, 'explain needs a URL; see sluice explain --help');
  const question = questionOf(url, options);
  const hasObjects = flags.manifests !== null || flags.kubeconfig !== null || flags['apiserver-host'] !== null;
  const running = !hasObjects || options.live ? await findRunning(flags, signal) : null;
  const explanation =
    hasObjects || running === null
      ? await explainObjects(question, await readSnapshot(flags, streams, signal), flags, running, signal)
      : await explainRunning(question, running, signal);
  if (options.output === 'text') printExplanation(streams, explanation);
  else printData(streams, options.output, explanation);
  const status = explanation.outcome?.status ?? 200;
  return status >= 400 ? EXIT.findings : EXIT.ok;
}

/** By a dry run of the router, and the data that it has. */
export async function explainRunning(question: Question, running: Running, signal: AbortSignal): Promise<Explanation> {
  const values = valuesOfRunning(running, signal);
  const { endpoints } = await running.control.ejections(signal);
  const answer = await askRouter(running.control, question, signal);
  const told = await tell(question, values, answer, endpoints, `the running controller in ${running.folder}`);
  return { ...told, reasons: await reasonsOfRunning(running, placeOf(told, question)) };
}

/** By the model of the objects; with a running controller, whether that one agrees. */
export async function explainObjects(
  question: Question,
  snapshot: Snapshot,
  flags: FlagValues,
  running: Running | null,
  signal: AbortSignal,
): Promise<Explanation> {
  const values = valuesOfState(stateOf(snapshot.model, await dataOf(flags)));
  const told = await tell(
    question,
    values,
    { lookup: await lookUp(values, question), foreseen: null },
    {},
    snapshot.name,
    'own',
  );
  const place = placeOf(told, question);
  const explained = { ...told, reasons: place === null ? null : reasonsOf(snapshot, place) };
  return running === null
    ? explained
    : { ...explained, live: agreement(told, await explainRunning(question, running, signal)) };
}

/** null where no host answers. */
function placeOf({ host, route }: Explanation, { host: header, uri }: Question): Place | null {
  return host && { host: host.name, route, name: nameOf(header) ?? '', uri: uri ?? '/' };
}

function agreement(told: Explanation, live: Explanation): NonNullable<Explanation['live']> {
  const show = ({ host, route, outcome }: Explanation): string =>
    `host ${host?.name ?? 'none'}, ${route === null ? 'no path' : `${route.match} ${route.path} of ${route.ingress ?? 'no Ingress'}`}, ${outcome?.text ?? 'not decided'}`;
  const agrees = told.outcome === null || show(told) === show(live);
  return { agrees, text: agrees ? `${live.from} agrees` : `${live.from} says otherwise: ${show(live)}` };
}

/** `canaries`: 'own' where the choice among them is still to be foreseen. */
async function tell(
  question: Question,
  values: Values,
  { lookup, foreseen }: { readonly lookup: Lookup | Undecided; readonly foreseen: Foreseen | null },
  ejected: Readonly<Record<string, number>>,
  from: string,
  canaries: 'own' | 'asked' = 'asked',
): Promise<Explanation> {
  const { method, scheme, target, uri } = question;
  const nothing: Explanation = {
    request: { method, url: `${scheme}://${question.host}${target}`, uri },
    from,
    host: null,
    route: null,
    outcome: null,
    phases: [],
    backends: [],
    reasons: null,
    live: null,
  };
  if (lookup.kind === 'undecided') {
    const phases = [{ phase: 'path', text: `${lookup.why}; ask a running controller (--run-dir)`, ends: null }];
    return { ...nothing, phases };
  }
  if (lookup.kind === 'refused') {
    const text = lookup.status === 400 ? 'the host or the path is malformed' : 'there is no state yet';
    return { ...nothing, outcome: { status: lookup.status, text } };
  }
  const [host, settings] = [await values.host(lookup.host), await values.settings()];
  if (host === null || settings === null)
    throw new CommandError(EXIT.unavailable, 'the state changed meanwhile: ask again');
  const route = lookup.route === null ? null : (host.routes[lookup.route] ?? null);
  const main = route?.target.id === undefined ? null : await values.backend(route.target.id);
  const standIn =
    route?.policy.default_backend === undefined ? null : await values.backend(route.policy.default_backend);
  const hasStandIn = standIn !== null && (standIn.endpoints.length > 0 || standIn.resolve !== undefined);
  const phases = phasesOf({ question, settings, lookup, host, route, backend: main, hasStandIn });
  const end = phases.find(({ ends }) => ends !== null) ?? null;
  const backends =
    end !== null || route === null
      ? []
      : await backendsOf(question, values, route, main, hasStandIn, canaries === 'own' ? 'own' : foreseen, ejected);
  const ends = end?.ends ?? null;
  const outcome =
    ends === null
      ? { status: null, text: `sent to ${backends.map(({ id }) => id).join(' or ')}${admission(phases)}` }
      : {
          status: ends.status,
          text: `${end?.phase ?? ''}: ${ends.status}${ends.location === null ? '' : ` to ${ends.location}`}, ${end?.text ?? ''}`,
        };
  return {
    ...nothing,
    host: hostOf(host, lookup, question),
    route: route === null ? null : routeOf(route),
    outcome,
    phases,
    backends,
  };
}

/** Who is let in is not known beforehand. */
function admission(phases: readonly Phase[]): string {
  const asked = phases.filter(({ phase }) => ASKING.has(phase)).map(({ phase }) => phase);
  return asked.length === 0 ? '' : `, for who is let in (${[...new Set(asked)].join(', ')})`;
}

const ASKING: ReadonlySet<string> = new Set([
  'client certificate',
  'limits',
  'access list',
  'basic authentication',
  'external authentication',
]);

async function backendsOf(
  question: Question,
  values: Values,
  route: RouteValue,
  main: Awaited<ReturnType<Values['backend']>>,
  hasStandIn: boolean,
  foreseen: Foreseen | null | 'own',
  ejected: Readonly<Record<string, number>>,
): Promise<BackendState[]> {
  const isEmpty =
    main === null || (main.endpoints.length === 0 && main.resolve === undefined && (main.elsewhere ?? []).length === 0);
  const { id } = route.target;
  if (isEmpty && hasStandIn) {
    const other = route.policy.default_backend ?? '';
    const value = await values.backend(other);
    return value === null
      ? []
      : [backendState({ id: other, chance: 1, why: 'stands in (default-backend)' }, value, ejected)];
  }
  if (main === null || id === undefined) return [];
  const choice = foreseen === 'own' ? await foresee(values, question, main) : foreseen;
  const shares =
    choice === 'undecided' ? [{ id, chance: 1, why: 'or a canary: only nginx can tell' }] : sharesOf(id, choice);
  const states: BackendState[] = [];
  for (const share of shares) {
    const value = share.id === id ? main : await values.backend(share.id);
    if (value !== null) states.push(backendState(share, value, ejected));
  }
  return states;
}

function hostOf({ name, server }: HostValue, lookup: Extract<Lookup, { kind: 'host' }>, question: Question) {
  const asked = nameOf(question.host);
  const foundBy = lookup.isAlias
    ? 'an alias that is a pattern'
    : name === asked
      ? 'its name'
      : name === '_'
        ? 'no host of that name: the catch-all'
        : 'the wildcard';
  return { name, foundBy, server: server ?? null };
}

function routeOf({ match, path, pattern, profile, namespace, ingress }: RouteValue) {
  return { ingress: ingress === '' ? null : `${namespace}/${ingress}`, match, path, pattern: pattern ?? null, profile };
}
