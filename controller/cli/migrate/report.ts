// The report of a migration as data: the shape of -o json. What works unchanged, what differs, what needs a hand.
import { SPECS } from '../../feature/registry.ts';
import type { Ingress } from '../../kube/objects.ts';
import { keyOf, showRef } from '../../kube/ref.ts';
import { byAge, isSelected } from '../../model/select.ts';
import type { Selection } from '../../model/settings.ts';
import type { Problem, ProblemCode } from '../../model/types.ts';
import type { Cluster } from '../../watch/cluster.ts';
import { differencesOf, EVERYWHERE } from './differences.ts';
import { type Suggestion, suggestionsOf } from './snippets.ts';

/** 'nothing': it means nothing any more, and nothing is lost. */
export type Verdict = 'unchanged' | 'differs' | 'nothing' | 'hand';

/** A setting, flag or value. */
export interface Entry {
  readonly name: string;
  readonly verdict: Verdict;
  readonly text: string;
}

export interface Note {
  readonly verdict: 'differs' | 'hand' | 'said';
  readonly text: string;
}

export interface SnippetReport {
  readonly annotation: string;
  readonly suggestions: readonly Suggestion[];
  /** Whether nothing of it would be left. */
  readonly canGo: boolean;
}

export interface IngressReport {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly verdict: 'unchanged' | 'differs' | 'hand';
  readonly notes: readonly Note[];
  readonly snippets: readonly SnippetReport[];
}

export interface Report {
  readonly source: string;
  readonly totals: {
    readonly ingresses: number;
    readonly unchanged: number;
    readonly differs: number;
    readonly hand: number;
    /** Of another class: none of our business. */
    readonly notOurs: number;
    readonly snippets: number;
    readonly snippetsThatCanGo: number;
  };
  readonly ingresses: readonly IngressReport[];
  readonly settings: readonly Entry[];
  readonly flags: readonly Entry[];
  readonly values: readonly Entry[];
  /** Problems of other objects: Services, Secrets, files. */
  readonly others: readonly string[];
  readonly everywhere: readonly string[];
}

/** Problems that somebody must do something about, because requests are answered otherwise than before. */
const BY_HAND: ReadonlySet<ProblemCode> = new Set([
  'annotation-unsupported',
  'annotation-forbidden',
  'path-pattern',
  'resource-backend',
  'object-refused',
  'directives-refused',
  'canary-unused',
]);

export interface ReportInput {
  readonly source: string;
  readonly cluster: Cluster;
  readonly selection: Selection;
  readonly ingresses: readonly Ingress[];
  readonly problems: readonly Problem[];
  readonly settings: readonly Entry[];
  readonly flags: readonly Entry[];
  readonly values: readonly Entry[];
}

export function reportOf({
  source,
  cluster,
  selection,
  ingresses,
  problems,
  settings,
  flags,
  values,
}: ReportInput): Report {
  const ours = ingresses.filter((ingress) => isSelected(cluster, selection, ingress)).sort(byAge);
  const of = Map.groupBy(problems, ({ object }) => showRef(object));
  const reports = ours.map((ingress) =>
    ingressReport(ingress, selection, of.get(`Ingress ${keyOf(ingress.meta)}`) ?? []),
  );
  const count = (verdict: IngressReport['verdict']): number =>
    reports.filter((report) => report.verdict === verdict).length;
  const snippets = reports.flatMap((report) => report.snippets);
  const others = problems.filter(
    ({ object, code }) => object.kind !== 'Ingress' && object.kind !== 'ConfigMap' && code !== 'object-ignored',
  );
  return {
    source,
    totals: {
      ingresses: reports.length,
      unchanged: count('unchanged'),
      differs: count('differs'),
      hand: count('hand'),
      notOurs: ingresses.length - ours.length,
      snippets: snippets.length,
      snippetsThatCanGo: snippets.filter(({ canGo }) => canGo).length,
    },
    ingresses: reports.sort((a, b) => RANK[a.verdict] - RANK[b.verdict] || (a.name < b.name ? -1 : 1)),
    settings,
    flags,
    values,
    others: others.map(({ object, message }) => `${showRef(object)}: ${message}`),
    everywhere: EVERYWHERE.map(({ text }) => text),
  };
}

/** What needs a hand first. */
const RANK = { hand: 0, differs: 1, unchanged: 2 } as const;

function ingressReport(
  ingress: Ingress,
  { annotationsPrefix }: Selection,
  problems: readonly Problem[],
): IngressReport {
  const notes: Note[] = problems.map(({ code, severity, message }) => ({
    verdict: BY_HAND.has(code) || severity === 'error' ? 'hand' : 'said',
    text: message,
  }));
  const snippets: SnippetReport[] = [];
  for (const [name, value] of [...ingress.meta.annotations].sort()) {
    if (!name.startsWith(`${annotationsPrefix}/`)) continue;
    const key = name.slice(annotationsPrefix.length + 1);
    if (!SPECS.has(key)) continue;
    notes.push(
      ...differencesOf('annotations', key, value).map(
        ({ text }): Note => ({ verdict: 'differs', text: `${key}: ${text}` }),
      ),
    );
    const suggestions = key === 'configuration-snippet' || key === 'server-snippet' ? suggestionsOf(value) : null;
    if (suggestions === null || suggestions.length === 0) continue;
    snippets.push({ annotation: key, suggestions, canGo: suggestions.every(({ instead }) => instead !== null) });
  }
  const verdict = notes.some((note) => note.verdict === 'hand')
    ? 'hand'
    : notes.some((note) => note.verdict === 'differs')
      ? 'differs'
      : 'unchanged';
  const hosts = [...new Set(ingress.rules.map(({ host }) => (host === '' ? '(every other host)' : host)))];
  return { name: keyOf(ingress.meta), hosts, verdict, notes, snippets };
}
