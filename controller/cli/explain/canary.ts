// Which backend takes a request, and with which chance: lua/balancer/split.lua in TypeScript (CAN-07, CAN-08).
import { createHash } from 'node:crypto';
import { regexOf } from '../../explain/regex.ts';
import type { Foreseen } from '../../explain/router.ts';
import type { BackendState, PeerState } from './explanation.ts';
import { type Question, variableOf } from './question.ts';
import { textOf } from './rewrite.ts';
import type { BackendValue, Values } from './values.ts';

export interface Chance {
  readonly id: string;
  readonly chance: number;
  readonly why: string;
}

interface Ready {
  readonly id: string;
  readonly value: BackendValue;
  readonly policy: NonNullable<BackendValue['canaries']>[number]['policy'];
}

/** The parts that backends have in such requests, the main one first; they add up to 1. */
export function sharesOf(main: string, foreseen: Foreseen | null): Chance[] {
  if (foreseen === null) return [{ id: main, chance: 1, why: 'the only one' }];
  if (foreseen.by !== 'chance') return [{ id: foreseen.id ?? main, chance: 1, why: `by its ${foreseen.by}` }];
  const canaries = foreseen.chances ?? [];
  const rest = canaries.reduce((sum, { chance }) => sum - chance, 1);
  return [
    { id: main, chance: rest, why: 'main' },
    ...canaries.map(({ id, chance }) => ({ id, chance, why: 'canary, by weight' })),
  ].filter(({ chance }, i) => chance > 0 || i === 0);
}

/** null for a backend without canaries; 'undecided' where only nginx can tell. */
export async function foresee(
  values: Values,
  question: Question,
  main: BackendValue,
): Promise<Foreseen | null | 'undecided'> {
  if (main.canaries === undefined) return null;
  if (isBound(main, question)) return { by: 'session' };
  let ready: Ready[] = [];
  for (const { id, policy } of main.canaries) {
    const value = await values.backend(id);
    if (
      value !== null &&
      (value.resolve !== undefined || value.endpoints.length + (value.elsewhere ?? []).length > 0)
    ) {
      ready.push({ id, value, policy });
    }
  }
  const session = ready.find(({ value }) => isBound(value, question));
  if (session !== undefined) return { by: 'session', id: session.id };
  for (const rule of ['header', 'cookie'] as const) {
    const left: Ready[] = [];
    for (const canary of ready) {
      const says = rule === 'header' ? byHeader(canary, question) : byCookie(canary, question);
      if (says === 'undecided') return says;
      if (says === 'yes') return { by: rule, id: canary.id };
      if (says === 'nothing') left.push(canary);
    }
    ready = left;
  }
  let rest = 1;
  const chances = main.canaries.map(({ id, policy }) => {
    const takesPart = ready.some((canary) => canary.id === id);
    const share = Math.max(0, (policy.weight ?? 0) / (policy.total ?? 100));
    const chance = takesPart ? Math.min(share, rest) : 0;
    rest -= chance;
    return { id, chance };
  });
  return { by: 'chance', chances };
}

type Says = 'yes' | 'no' | 'nothing' | 'undecided';

function byHeader({ policy }: Ready, question: Question): Says {
  if (policy.header === undefined) return 'nothing';
  const value = variableOf(question, `http_${policy.header.toLowerCase().replaceAll('-', '_')}`);
  if (value === null) return 'nothing';
  if (policy.header_value !== undefined) return value === policy.header_value ? 'yes' : 'nothing';
  if (policy.header_pattern === undefined) return word(value);
  const regex = regexOf(policy.header_pattern);
  if (regex.kind === 'foreign') return 'undecided';
  if (regex.kind === 'none') return 'no';
  return new RegExp(regex.regex.source).test(value) ? 'yes' : 'nothing'; // with regard to case
}

function byCookie({ policy }: Ready, question: Question): Says {
  const value = policy.cookie === undefined ? null : (question.cookies.get(policy.cookie) ?? null);
  return value === null ? 'nothing' : word(value);
}

function word(value: string): Says {
  return value === 'always' ? 'yes' : value === 'never' ? 'no' : 'nothing';
}

/** Whether the request has a session with the backend: the mark behind its key (lua/balancer/session.lua). */
function isBound({ name, policy }: BackendValue, question: Question): boolean {
  const cookie = policy.session_cookie;
  const value = cookie === undefined ? undefined : question.cookies.get(cookie.name);
  if (value === undefined || !value.includes('|')) return false;
  return value.slice(value.indexOf('|') + 1) === md5(md5(name) + name);
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** The endpoints of a backend as a request finds them; `ejected` has "<backend> <address>" → seconds. */
export function backendState(
  { id, chance, why }: Chance,
  value: BackendValue,
  ejected: Readonly<Record<string, number>>,
): BackendState {
  const of = (list: BackendValue['endpoints'] | undefined, state: PeerState['state']): PeerState[] =>
    (list ?? []).map(({ address, port }) => {
      const where = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
      const left = ejected[`${id} ${where}`] ?? null;
      return { address, port, state: left === null ? state : 'ejected', secondsLeft: left };
    });
  return {
    id,
    chance,
    why,
    balancing: balancingOf(value),
    peers: [...of(value.endpoints, 'ready'), ...of(value.elsewhere, 'other-zone'), ...of(value.draining, 'draining')],
    resolves: value.resolve === undefined ? null : `${value.resolve.name}:${value.resolve.port}`,
  };
}

function balancingOf({ policy }: BackendValue): string {
  const session =
    policy.session_cookie === undefined ? '' : `sessions by the cookie ${policy.session_cookie.name}, else `;
  if (policy.hash_by !== undefined) return `${session}hash of ${textOf(policy.hash_by)}`;
  return `${session}${String(policy.load_balance)}`;
}
