// Which Ingresses of a host matter to one of them: so few that a review of one costs the same on a host of thousands. All that
// an Ingress's routes there depend on, and all whose routes depend on it, as model/host.ts reads them.
import { bool } from '../feature/parse.ts';
import { doubtOf } from '../feature/pattern.ts';
import { HOST_WIDE, SPECS } from '../feature/registry.ts';
import type { Ingress } from '../kube/objects.ts';
import { pathsOf } from '../model/claim.ts';
import { byAge, isCanary, isSelected } from '../model/select.ts';
import type { Settings } from '../model/settings.ts';
import type { HostName } from '../model/types.ts';
import type { View } from '../model/view.ts';

/**
 * `versions` are the Ingress in question as it is stored and as it would be. Of the others: who has the same path; the oldest,
 * which owns "/"; the first with spec.tls; who says something of the whole host, the oldest of those who say the same; one
 * that asks for regular expressions; and those whose paths would not be any.
 */
export function neighboursOf(
  versions: readonly Ingress[],
  others: readonly Ingress[],
  host: HostName,
  { view, settings: { selection } }: { readonly view: View; readonly settings: Settings },
): readonly Ingress[] {
  const prefix = `${selection.annotationsPrefix}/`;
  // "/" is a path of the oldest, whether it says so or not (HOST-06): who has it may gain or lose it.
  const paths = new Set(['/', ...versions.flatMap((version) => pathsOf(version, host).map(({ path }) => path))]);
  const isShared = selection.regexScope === 'host';
  // A canary without rules lies over every path that can have one (CAN-09).
  const joined = versions.filter(({ rules }) => host === '_' && rules.length === 0).map(({ meta }) => meta.namespace);
  const chosen = new Set<Ingress>();
  const oldest = new Map<string, Ingress>();
  const note = (what: string, ingress: Ingress): void => {
    const before = oldest.get(what);
    if (before === undefined || byAge(ingress, before) < 0) oldest.set(what, ingress);
  };
  for (const ingress of others) {
    if (!isSelected(view, selection, ingress)) continue;
    const own = pathsOf(ingress, host);
    const meets = own.some(({ path }) => paths.has(path) || (isShared && isDoubtful(path)));
    if (meets || joined.includes(ingress.meta.namespace)) chosen.add(ingress);
    if (isCanary(selection, ingress)) continue;
    note('is the oldest', ingress);
    if (ingress.tls.length > 0) note('has spec.tls', ingress);
    const { usesRegex, target, hostWide } = traitsOf(ingress, prefix);
    // As the feature "rewrite" decides it (PATH-07).
    const asks = usesRegex || (target !== '' && own.some(({ path }) => path !== target));
    if (isShared && asks) note('asks for regular expressions', ingress);
    if (hostWide !== '') note(hostWide, ingress);
  }
  return [...chosen.union(new Set(oldest.values()))];
}

/** Hardly a regular expression; only special characters can make a path so. */
function isDoubtful(path: string): boolean {
  return /[\\[\](){}*+?|^$]/.test(path) && doubtOf(path) !== null;
}

/** What the annotations of an Ingress say that may matter to others of its host. */
interface Traits {
  readonly prefix: string;
  readonly usesRegex: boolean;
  /** A rewrite-target that is accepted; '' for none. */
  readonly target: string;
  /** All that is said of the whole host, as one text; '' for nothing. */
  readonly hostWide: string;
}

/** By annotations: those of a host that many share are looked at in every review. */
const known = new WeakMap<ReadonlyMap<string, string>, Traits>();

function traitsOf({ meta: { annotations, namespace } }: Ingress, prefix: string): Traits {
  const before = known.get(annotations);
  if (before?.prefix === prefix) return before;
  const use = bool(annotations.get(`${prefix}use-regex`) ?? '');
  const target = annotations.get(`${prefix}rewrite-target`)?.trim() ?? '';
  const said: string[] = [];
  for (const [name, value] of annotations) {
    const key = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    if (HOST_WIDE.has(key) || key.endsWith('-snippet')) said.push(JSON.stringify([key, value]));
  }
  const traits: Traits = {
    prefix,
    usesRegex: use.ok && use.value,
    target: target !== '' && SPECS.get('rewrite-target')?.parse(target).ok === true ? target : '',
    hostWide: said.length === 0 ? '' : [namespace, ...said.sort()].join(' '),
  };
  known.set(annotations, traits);
  return traits;
}
