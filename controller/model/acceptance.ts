// Which Ingresses are taken over at all: the risk gate, the ban on snippets, blocked words, and values whose refusal rejects
// the object (PARSE-05, SNIP-01 to SNIP-03, ADM-04, ADM-05). A pure function of the object and the settings: the webhook and
// the intake ask the same one.
import { RISKS } from '../feature/contract.ts';
import { showValue } from '../feature/parse.ts';
import { NOT_ACCEPTED, problemOf } from '../feature/read.ts';
import { readAnnotations, SPECS } from '../feature/registry.ts';
import { NOT_SUPPORTED } from '../feature/unsupported.ts';
import type { Ingress } from '../kube/objects.ts';
import type { ObjectRef } from '../kube/ref.ts';
import { effectiveAnnotations } from './gate.ts';
import type { Settings } from './settings.ts';
import type { Problem } from './types.ts';

interface Known {
  readonly settings: Settings;
  readonly problems: readonly Problem[];
}

/** By object: an Ingress of thousands of hosts is asked about for each of them. */
const known = new WeakMap<Ingress, Known>();

/** Why the object is not accepted; empty when it is. */
export function rejections(ingress: Ingress, settings: Settings): readonly Problem[] {
  const before = known.get(ingress);
  if (before?.settings === settings) return before.problems;
  const problems = reject(ingress, settings);
  known.set(ingress, { settings, problems });
  return problems;
}

function reject(ingress: Ingress, settings: Settings): Problem[] {
  const { annotationsPrefix: prefix } = settings.selection;
  const object: ObjectRef = { kind: 'Ingress', namespace: ingress.meta.namespace, name: ingress.meta.name };
  const problems: Problem[] = [];
  const forbid = (reason: string): void => {
    const message = `${reason}; ${NOT_ACCEPTED}`;
    problems.push({ object, severity: 'error', code: 'annotation-forbidden', message });
  };
  for (const [name, value] of ingress.meta.annotations) {
    if (!name.startsWith(`${prefix}/`)) continue;
    const key = name.slice(prefix.length + 1);
    const risk = (SPECS.get(key) ?? NOT_SUPPORTED.get(key))?.risk ?? 'Low';
    if (RISKS.indexOf(risk) > RISKS.indexOf(settings.annotationsRiskLevel)) {
      forbid(
        `annotation ${key} has risk ${risk}, above annotations-risk-level ${settings.annotationsRiskLevel} of the controller ConfigMap`,
      );
    }
    const word = settings.annotationValueWordBlocklist.find((blocked) => value.includes(blocked));
    if (word !== undefined) forbid(`annotation ${key} contains the blocked word ${showValue(word)}`);
  }
  const names = tooManyNames(ingress, settings);
  if (names !== null) forbid(names);
  for (const text of suspicious(ingress)) {
    forbid(`${showValue(text)} looks like configuration or a file of the controller, not like a host, path or Secret`);
  }
  for (const value of readAnnotations(effectiveAnnotations(ingress, settings), prefix).refused) {
    if (value.outcome === 'reject-ingress') problems.push(problemOf(value, object));
  }
  return problems;
}

/** Each host of an Ingress wants each alias: few texts make many names, and all of them are compared. */
const MAX_NAMES = 10_000;

/** Why an Ingress has more aliases than can be looked at; null when it has not. */
export function tooManyNames({ meta, rules }: Ingress, { selection }: Settings): string | null {
  const text = meta.annotations.get(`${selection.annotationsPrefix}/server-alias`) ?? '';
  const listed = text === '' ? 0 : text.split(',').length;
  return listed * rules.length <= MAX_NAMES
    ? null
    : `annotation server-alias has ${listed} names for ${rules.length} hosts, which are more than ${MAX_NAMES} together`;
}

/** ADM-04. */
const SUSPICIOUS =
  /(alias|root)[^;]*;|\/etc\/(passwd|shadow|group|nginx|ingress-controller)|\/var\/run\/secrets|_by_lua/;

function suspicious({ rules, tls }: Ingress): string[] {
  const texts = [
    ...rules.flatMap(({ host, paths }) => [host, ...paths.map(({ path }) => path)]),
    ...tls.map(({ secretName }) => secretName),
  ];
  return texts.filter((text) => SUSPICIOUS.test(text));
}
