// The verdict on one Ingress: the units of the model, run on what it touches alone, over the state of this moment. Pure, and
// nothing of the state is written; it pauses after each host, so that whoever runs it may let others go first, or give up.
import type { Ingress } from '../kube/objects.ts';
import { keyOf, type ObjectKey } from '../kube/ref.ts';
import { rejections } from '../model/acceptance.ts';
import { LEFT_OUT, refOf } from '../model/annotated.ts';
import { type Attachment, canariesOfBackend } from '../model/canary.ts';
import { certificateUnit } from '../model/certificate.ts';
import { hostOf, targetOf } from '../model/claim.ts';
import { backendUnit } from '../model/endpoints.ts';
import { type HostUnit, hostUnit } from '../model/host.ts';
import type { NameClaim } from '../model/names.ts';
import { isSelected, namesUnknownClass } from '../model/select.ts';
import type { BackendId, Host, HostName, Problem, ProblemCode } from '../model/types.ts';
import type { View } from '../model/view.ts';
import { type Finding, findingOf, isSame } from './finding.ts';
import { Focus } from './focus.ts';
import { excess, gates } from './gates.ts';
import { type Named, nameProblems } from './names.ts';
import { neighboursOf } from './neighbours.ts';
import { overlaps } from './overlap.ts';

/** What is served at this moment. */
export interface State extends Named {
  readonly problems: readonly Problem[];
}

export interface Verdict {
  /** Each text once, in a stable order. */
  readonly findings: readonly Finding[];
  /** How many Ingresses were looked at closely. */
  readonly looked: number;
}

/** The Service may come after the Ingress; its endpoints come and go, and are nobody's mistake here. */
const ABOUT_SERVICES: ReadonlySet<ProblemCode> = new Set([
  'service-missing',
  'service-port-missing',
  'external-name-refused',
]);

/** Backends between two pauses. */
const AT_ONCE = 100;

export function* judging(candidate: Ingress, state: State): Generator<void, Verdict> {
  const { view, settings } = state;
  const object = refOf(candidate);
  // An Ingress that --disable-catch-all shuts out is ours, and told so (DEF-04).
  if (!isSelected(view, { ...settings.selection, disableCatchAll: false }, candidate)) {
    return { findings: foreign(candidate, state), looked: 0 };
  }
  const tooLarge = excess(candidate, settings);
  if (tooLarge !== null) return { findings: [tooLarge], looked: 1 };

  const said = new Said(gates(candidate, settings));
  const tell = (problems: readonly Problem[]): void => {
    said.add(problems.filter(isUnsaid).map((problem) => findingOf(problem, object)));
  };
  tell(rejections(candidate, settings));
  const review = new Review(candidate, state);
  for (const host of review.hosts) {
    const { taken, problems } = review.run(host);
    said.add(taken);
    tell(problems);
    yield;
  }
  tell(review.canaries());
  tell(review.names());
  let count = 0;
  for (const id of backendsOf(candidate)) {
    tell(backendUnit(review.focus, settings, id, []).problems.filter(({ code }) => ABOUT_SERVICES.has(code)));
    count += 1;
    if (count % AT_ONCE === 0) yield;
  }
  return { findings: said.list(), looked: review.looked };
}

/** Of conflicts overlaps() says what is to be said, and more; of snippets that are left out, gates(). */
function isUnsaid({ code, message }: Problem): boolean {
  return code !== 'path-conflict' && !message.endsWith(LEFT_OUT);
}

/** Findings, each text once. */
class Said {
  readonly #findings = new Map<string, Finding>();

  constructor(findings: readonly Finding[]) {
    this.add(findings);
  }

  add(findings: readonly Finding[]): void {
    for (const finding of findings) this.#findings.set(`${finding.weight} ${finding.text}`, finding);
  }

  list(): Finding[] {
    return [...this.#findings].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, finding]) => finding);
  }
}

/** Nobody serves an Ingress whose class does not exist; whatever else is not ours passes untouched (CLASS-08). */
function foreign(candidate: Ingress, { view, settings }: State): Finding[] {
  if (!namesUnknownClass(view, settings.selection, candidate)) return [];
  const text = `IngressClass ${candidate.className} does not exist; the Ingress is not served until it does`;
  return [{ weight: 'warn', code: 'class-unknown', text }];
}

function backendsOf(candidate: Ingress): Set<BackendId> {
  const targets = [...candidate.rules.flatMap(({ paths }) => paths.map(({ target }) => target))];
  if (candidate.defaultBackend !== null) targets.push(candidate.defaultBackend);
  return new Set(
    targets.flatMap((target) => {
      const found = targetOf(candidate, target);
      return found?.kind === 'backend' ? [found.id] : [];
    }),
  );
}

/** Hosts of one Ingress, before and after. */
class Review {
  readonly #candidate: Ingress;
  readonly #stored: Ingress | null;
  readonly #key: ObjectKey;
  readonly #state: State;
  readonly #after = new Map<HostName, Host | null>();
  readonly #claims: NameClaim[] = [];
  readonly #canaries: Attachment[] = [];
  readonly #looked = new Set<Ingress>();
  /** The cluster with the candidate in it, around no host in particular. */
  readonly focus: View;

  constructor(candidate: Ingress, state: State) {
    this.#candidate = candidate;
    this.#state = state;
    this.#key = keyOf(candidate.meta);
    this.#stored = state.view.get('Ingress', this.#key);
    this.focus = new Focus(state.view, this.#key, candidate, null);
    this.#looked.add(candidate);
  }

  get looked(): number {
    return this.#looked.size;
  }

  /** Hosts that it has or had, in the order of the graph. */
  get hosts(): readonly HostName[] {
    const versions = [this.#candidate, ...(this.#stored === null ? [] : [this.#stored])];
    const hosts = versions.flatMap(({ rules }) => (rules.length === 0 ? ['_'] : rules.map(hostOf)));
    return [...new Set(hosts)].sort();
  }

  /** Paths that others have, its own Problems on a host, and those that others have with it and not without it. */
  run(host: HostName): { taken: readonly Finding[]; problems: readonly Problem[] } {
    const { view, settings } = this.#state;
    const object = refOf(this.#candidate);
    const versions = [this.#candidate, ...(this.#stored === null ? [] : [this.#stored])];
    const others = view.list('ingress-by-host', host).filter((ingress) => ingress !== this.#stored);
    const around = { host, neighbours: neighboursOf(versions, others, host, this.#state) };
    for (const neighbour of around.neighbours) this.#looked.add(neighbour);
    const within = (ingress: Ingress | null): { unit: HostUnit; problems: readonly Problem[] } => {
      const focus = new Focus(view, this.#key, ingress, around);
      const unit = hostUnit(focus, settings, host);
      return { unit, problems: [...unit.problems, ...certificateUnit(focus, settings, host).problems] };
    };
    const { unit, problems } = within(this.#candidate);
    this.#after.set(host, unit.host);
    for (const claim of unit.names) this.#claims.push(claim);
    for (const pair of unit.canaries) if (pair.ingress === this.#candidate) this.#canaries.push(pair);
    const ofOthers = problems.filter((problem) => !isSame(problem.object, object));
    const before = ofOthers.length === 0 ? NONE : new Set(within(this.#stored).problems.map(idOf));
    return {
      taken: overlaps(this.#candidate, others, host, this.#state),
      problems: problems.filter((problem) => isSame(problem.object, object) || !before.has(idOf(problem))),
    };
  }

  /** As a canary it has one backend for each main one, after all hosts have run. */
  canaries(): readonly Problem[] {
    const mains = new Set(this.#canaries.map(({ main }) => main));
    return [...mains].flatMap((id) => canariesOfBackend(this.#state.settings, id, this.#canaries).problems);
  }

  /** Disputes about other names of the hosts, after all of them have run. */
  names(): readonly Problem[] {
    const object = refOf(this.#candidate);
    const after = nameProblems(this.#candidate, this.#state, { hosts: this.#after, claims: this.#claims });
    if (after.every((problem) => isSame(problem.object, object))) return after;
    const before = new Set(this.#state.problems.map(idOf));
    return after.filter((problem) => isSame(problem.object, object) || !before.has(idOf(problem)));
  }
}

const NONE: ReadonlySet<string> = new Set();

function idOf({ object, code, message }: Problem): string {
  return [object.kind, object.namespace, object.name, code, message].join('\0');
}
