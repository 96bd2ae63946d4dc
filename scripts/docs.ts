// Makes docs/annotations.md and docs/configmap.md from the registry of features and the tables of keys, and the schema and the page
// of the chart's values; `npm run docs` writes them, and tests say when that was forgotten.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { KeySpec, Scope } from '../controller/feature/contract.ts';
import { LEGACY } from '../controller/feature/legacy.ts';
import type { Outcome } from '../controller/feature/parse.ts';
import { FEATURES } from '../controller/feature/registry.ts';
import { NOT_SUPPORTED } from '../controller/feature/unsupported.ts';
import { OTHER_KEYS, REMOVED_KEYS } from '../controller/model/config/other.ts';
import { OWN_KEYS } from '../controller/model/config/own.ts';
import { CONFIG_KEYS } from '../controller/model/settings.ts';
import { CHART_DATA_FILE, chartData } from './chart-data.ts';
import { cliPage } from './cli-docs.ts';
import { valuesPage } from './helm-docs.ts';
import { valuesSchema } from './helm-schema.ts';
import { chartValues } from './helm-values.ts';

const SCOPES: Readonly<Record<Scope, string>> = {
  location: 'path',
  server: 'host',
  backend: 'Service',
  ingress: 'Ingress',
};

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  'use-default': 'as if absent',
  'drop-group': 'as if its group were absent',
  'deny-location': 'paths answer 503',
  'deny-server': 'host answers 403',
  'reject-ingress': 'object not accepted',
};

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string | null): string {
  return text === null ? '–' : `\`${text === '' ? '""' : text}\``;
}

function defaultOf({ default: initial, config }: KeySpec<unknown>): string {
  return config === null ? code(initial) : `${code(initial)}, ConfigMap \`${config}\``;
}

function supportedRows(): string[][] {
  return FEATURES.flatMap(({ keys }) =>
    Object.entries(keys).flatMap(([name, spec]) => {
      const row = [
        `\`${name}\``,
        spec.type,
        defaultOf(spec),
        SCOPES[spec.scope],
        spec.risk,
        'yes',
        spec.doc,
        OUTCOMES[spec.invalid],
      ];
      const aliases = spec.aliases.map((alias) => [
        `\`${alias}\``,
        spec.type,
        '–',
        SCOPES[spec.scope],
        spec.risk,
        'yes',
        `Another name of \`${name}\`.`,
        OUTCOMES[spec.invalid],
      ]);
      return [row, ...aliases];
    }),
  );
}

function unsupportedRows(): string[][] {
  return [...NOT_SUPPORTED].map(([name, { risk, why, without }]) => {
    const effect = without === 'closed' ? 'Its paths answer 503.' : 'Nothing; the rest is served.';
    return [`\`${name}\``, '–', '–', '–', risk, why, effect, '–'];
  });
}

function byName(a: readonly string[], b: readonly string[]): number {
  return (a[0] ?? '') < (b[0] ?? '') ? -1 : 1;
}

export function annotationsPage(): string {
  const rows = [...supportedRows(), ...unsupportedRows()].sort(byName);
  const legacy = [...LEGACY].map(([name, { advice, means }]) => [
    `\`${name}\``,
    means === null ? 'no' : `yes, as \`${means[0]}: "${means[1]}"\``,
    advice,
  ]);
  return `# Annotations

Made by \`npm run docs\` from the registry of features; do not edit. Names stand without the prefix
\`nginx.ingress.kubernetes.io/\` (\`--annotations-prefix\`). Every refused value, every name that is not supported and every
unknown name is a Problem of the Ingress. Risks are compared with \`annotations-risk-level\` of the controller ConfigMap.

${table(['Annotation', 'Type', 'Default', 'Scope', 'Risk', 'Status', 'What it does', 'A refused value'], rows)}

## Old names

Names that ingress-nginx removed, and names of nginx that are written by mistake. Each is a Problem with this advice.

${table(['Name', 'Done all the same', 'Advice'], legacy.sort(byName))}
`;
}

function shown(initial: unknown): string {
  if (Array.isArray(initial)) return initial.length === 0 ? '–' : code(initial.join(', '));
  return initial === '' ? '–' : code(String(initial));
}

export function configMapPage(): string {
  const keys = Object.entries({ ...CONFIG_KEYS, ...OWN_KEYS }).map(([name, { initial, doc }]) => [
    `\`${name}\``,
    shown(initial),
    'yes',
    doc,
  ]);
  const others = [...OTHER_KEYS].map(([name, { kind, why }]) => [
    `\`${name}\``,
    '–',
    kind === 'needless' ? 'not needed' : 'no',
    `${why[0]?.toUpperCase()}${why.slice(1)}.`,
  ]);
  const removed = [...REMOVED_KEYS].map(([name, replacement]) => [`\`${name}\``, replacement]);
  return `# Keys of the controller ConfigMap

Made by \`npm run docs\` from the tables in \`controller/model/config\`; do not edit. Sizes are shown in bytes, times in seconds. The
ConfigMap is named by \`--configmap=namespace/name\`; a change is live at once. A refused value leaves the default and is a Problem,
as is a key that Sluice does not know.

${table(['Key', 'Default', 'Status', 'What it does'], [...keys, ...others].sort(byName))}

## Keys that ingress-nginx removed

${table(['Key', 'In its place'], removed.sort(byName))}
`;
}

if (import.meta.main) {
  const docs = resolve(import.meta.dirname, '../docs');
  writeFileSync(join(docs, 'annotations.md'), annotationsPage());
  writeFileSync(join(docs, 'configmap.md'), configMapPage());
  writeFileSync(join(docs, 'helm-values.md'), valuesPage(chartValues()));
  writeFileSync(join(docs, '../helm/values.schema.json'), valuesSchema(chartValues()));
  writeFileSync(join(docs, 'cli.md'), cliPage());
  writeFileSync(CHART_DATA_FILE, chartData());
}
