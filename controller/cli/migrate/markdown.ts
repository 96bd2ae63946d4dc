// The report as Markdown.
import { plain } from '../output.ts';
import type { Entry, IngressReport, Note, Report, Verdict } from './report.ts';
import type { Suggestion } from './snippets.ts';

export const VERDICTS: Readonly<Record<Verdict, string>> = {
  unchanged: 'works unchanged',
  differs: 'differs',
  nothing: 'means nothing any more',
  hand: 'needs a hand',
};

export function markdownOf(report: Report): string {
  const { totals, ingresses, everywhere, others } = report;
  const sections = [
    `# From ingress-nginx to Sluice\n\nOf ${safe(report.source)}.`,
    `| Ingresses | Number |\n|---|---|\n${[
      ['work unchanged', totals.unchanged],
      ['differ', totals.differs],
      ['need a hand', totals.hand],
      ['in all', totals.ingresses],
      ['of another class', totals.notOurs],
    ]
      .map(([name, number]) => `| ${name} | ${number} |`)
      .join('\n')}`,
    ...(totals.snippets === 0
      ? []
      : [
          `Snippets: ${totals.snippets}, of which ${totals.snippetsThatCanGo} can go altogether, because annotations or the ConfigMap say the same.`,
        ]),
    ...ingressSections(ingresses),
    ...entrySection('ConfigMap', report.settings),
    ...entrySection('Flags', report.flags),
    ...entrySection('Helm values', report.values),
    ...(others.length === 0 ? [] : [`## Other objects\n\n${list(others)}`]),
    `## Everywhere\n\n${list(everywhere)}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function ingressSections(ingresses: readonly IngressReport[]): string[] {
  const told = ingresses.filter(
    ({ verdict, notes, snippets }) => verdict !== 'unchanged' || notes.length + snippets.length > 0,
  );
  const quiet = ingresses.filter((ingress) => !told.includes(ingress));
  return [
    ...told.map(ingressSection),
    ...(quiet.length === 0
      ? []
      : [`## Work unchanged\n\n${list(quiet.map(({ name, hosts }) => `${name} (${hosts.join(', ')})`))}`]),
  ];
}

function ingressSection({ name, hosts, verdict, notes, snippets }: IngressReport): string {
  const lines = [
    ...notes.map(({ verdict: kind, text }) => `- **${NOTES[kind]}:** ${safe(text)}`),
    ...snippets.flatMap(({ annotation, suggestions, canGo }) => [
      `- **snippet:** ${annotation} ${canGo ? 'can go altogether' : 'can become smaller, or stays'}:`,
      ...suggestions.map((suggestion) => `  - ${code(suggestion.directive)} → ${safe(insteadOf(suggestion))}`),
    ]),
  ];
  return `## ${safe(name)}: ${VERDICTS[verdict]}\n\nHosts: ${safe(hosts.join(', ') || 'none')}\n\n${lines.join('\n')}`;
}

export const NOTES: Readonly<Record<Note['verdict'], string>> = {
  hand: 'needs a hand',
  differs: 'differs',
  said: 'also said',
};

/** "annotation proxy-read-timeout: "120"". */
export function insteadOf({ instead }: Suggestion): string {
  if (instead === null) return 'stays: no annotation says it';
  const what = instead.kind === 'annotation' ? 'annotation' : 'ConfigMap key';
  const value = instead.value === null ? '' : `: ${JSON.stringify(instead.value)}`;
  return `${what} ${instead.key}${value}${instead.note === '' ? '' : ` (${instead.note})`}`;
}

function entrySection(title: string, entries: readonly Entry[]): string[] {
  if (entries.length === 0) return [];
  const rows = [...entries].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  const lines = rows.map(({ name, verdict, text }) => `| ${code(name)} | ${VERDICTS[verdict]} | ${safe(text)} |`);
  return [`## ${title}\n\n| Name | | |\n|---|---|---|\n${lines.join('\n')}`];
}

export const ORDER: readonly Verdict[] = ['hand', 'differs', 'nothing', 'unchanged'];

function list(texts: readonly string[]): string {
  return texts.map((text) => `- ${safe(text)}`).join('\n');
}

/** Text of others in Markdown: nothing of it is markup. */
function safe(text: string): string {
  return plain(text).replace(/[\\`*_[\]<>|#]/g, (sign) => `\\${sign}`);
}

function code(text: string): string {
  return `\`${plain(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}
