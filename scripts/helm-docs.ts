// docs/helm-values.md: the values of the chart as a table.
import { stringify } from 'yaml';
import { REMOVED_VALUES } from './helm-schema.ts';
import { specValues, type Value } from './helm-values.ts';

function code(value: unknown): string {
  if (value === null || value === undefined) return '–';
  const text =
    typeof value === 'object'
      ? stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()
      : JSON.stringify(value);
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

export function valuesPage(values: readonly Value[]): string {
  const before = new Map(specValues().map((value) => [value.path, value.default]));
  const rows = values.map(({ path, default: ours, doc, isOwn }) => {
    const same = JSON.stringify(before.get(path)) === JSON.stringify(ours);
    const theirs = isOwn ? 'new' : same ? '' : code(before.get(path));
    return `| \`${path}\` | ${code(ours)} | ${theirs} | ${cell(doc)} |`;
  });
  return `# Values of the Helm chart

Made by \`npm run docs\` from helm/values.yaml; do not edit. They are those of the chart of ingress-nginx under their old names.
The third column has the default of ingress-nginx where ours is another, and "new" for values that it does not have. A key that is
not in this table is refused by \`values.schema.json\`, with its place.

| Value | Default | In ingress-nginx | What it does |
|---|---|---|---|
${rows.join('\n')}

## Values that ingress-nginx removed

Accepted; \`helm install\` and \`helm upgrade\` print what became of those that are set.

${REMOVED_VALUES.map((path) => `\`${path}\``).join(', ')}
`;
}
