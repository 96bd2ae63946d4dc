// Paths that another Ingress has already (HOST-10). Stricter than serving, which keeps an Exact and a Prefix path of two
// Ingresses apart: who adds a path to a host shall know that it had an owner.
import { showValue } from '../feature/parse.ts';
import type { Ingress } from '../kube/objects.ts';
import { keyOf } from '../kube/ref.ts';
import { pathsOf, showHost } from '../model/claim.ts';
import { isCanary, isSelected } from '../model/select.ts';
import type { Settings } from '../model/settings.ts';
import type { HostName } from '../model/types.ts';
import type { View } from '../model/view.ts';
import type { Finding } from './finding.ts';

/** `others` are the Ingresses of the host but the candidate. pathType is not looked at, and implicit paths do not count. */
export function overlaps(
  candidate: Ingress,
  others: readonly Ingress[],
  host: HostName,
  { view, settings: { selection } }: { readonly view: View; readonly settings: Settings },
): Finding[] {
  const wanted = new Set(pathsOf(candidate, host).map(({ path }) => path));
  const wantsCanary = isCanary(selection, candidate);
  const findings: Finding[] = [];
  for (const other of others) {
    const shared = new Set(pathsOf(other, host).flatMap(({ path }) => (wanted.has(path) ? [path] : [])));
    // A canary over a main path is what canaries are for.
    if (shared.size === 0 || isCanary(selection, other) !== wantsCanary || !isSelected(view, selection, other))
      continue;
    for (const path of shared) findings.push(wantsCanary ? beside(host, path, other) : taken(host, path, other));
  }
  return findings;
}

function taken(host: HostName, path: string, owner: Ingress): Finding {
  const text = `${showHost(host)}: path ${showValue(path)} already belongs to Ingress ${keyOf(owner.meta)}; choose another host or path, or remove it there`;
  return { weight: 'refuse', code: 'path-taken', text };
}

/** Several canaries of one backend all take part here (docs/differences.md, CAN-05). */
function beside(host: HostName, path: string, owner: Ingress): Finding {
  const text = `${showHost(host)}: path ${showValue(path)} has another canary, Ingress ${keyOf(owner.meta)}; the older one is asked first`;
  return { weight: 'warn', code: 'canary-unused', text };
}
