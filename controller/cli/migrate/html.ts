// The report as one HTML page: no external parts, no script, light and dark.
import { plain } from '../output.ts';
import { insteadOf, NOTES, ORDER, VERDICTS } from './markdown.ts';
import type { Entry, IngressReport, Report, Verdict } from './report.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --line: #d0d7de; --hand: #a40e26; --differs: #7a4b00; --fine: #116329; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9da7b3; --paper: #0d1117; --line: #30363d; --hand: #ff8f8f; --differs: #e3b341; --fine: #56d364; }
}
body { margin: 0 auto; padding: 1.5rem; max-width: 70rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; }
p.soft { color: var(--soft); }
.totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 1rem; padding: 0; margin: 1.5rem 0; }
.totals div { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; }
.totals dt { color: var(--soft); } .totals dd { margin: 0; font-size: 2rem; font-weight: 600; font-variant-numeric: tabular-nums; }
details { border-top: 1px solid var(--line); padding: .6rem 0; } summary { cursor: pointer; overflow-wrap: anywhere; }
.verdict { font-weight: 600; white-space: nowrap; } .hand { color: var(--hand); } .differs { color: var(--differs); } .unchanged, .nothing { color: var(--fine); }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line); }
thead th { border-top: 0; } thead th:first-child { width: 38%; } thead th:nth-child(2) { width: 14rem; } tbody th { font-weight: 400; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; list-style: none; }
a { color: inherit; }
`;

export function htmlOf(report: Report): string {
  const { totals, ingresses } = report;
  const tables: [id: string, title: string, entries: readonly Entry[]][] = [
    ['configmap', 'ConfigMap', report.settings],
    ['flags', 'Flags', report.flags],
    ['values', 'Helm values', report.values],
  ];
  const shown = tables.filter(([, , entries]) => entries.length > 0);
  const links = [['ingresses', 'Ingresses'], ...shown, ['everywhere', 'Everywhere']].map(
    ([id, title]) => `<li><a href="#${String(id)}">${String(title)}</a></li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>From ingress-nginx to Sluice</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>From ingress-nginx to Sluice</h1>
<p class="soft">Of ${escaped(report.source)}.</p>
<nav aria-label="Parts"><ul>${links.join('')}</ul></nav>
</header>
<main>
<section id="ingresses" aria-labelledby="ingresses-title">
<h2 id="ingresses-title">${totals.ingresses} Ingresses</h2>
<dl class="totals">
${total('need a hand', totals.hand, 'hand')}
${total('differ', totals.differs, 'differs')}
${total('work unchanged', totals.unchanged, 'unchanged')}
${total('of another class', totals.notOurs, '')}
${total('snippets that can go', totals.snippetsThatCanGo, '', ` of ${totals.snippets}`)}
</dl>
${ingresses.map(ingressHtml).join('\n')}
</section>
${shown.map(([id, title, entries]) => tableHtml(id, title, entries)).join('\n')}
${report.others.length === 0 ? '' : listHtml('others', 'Other objects', report.others)}
${listHtml('everywhere', 'Everywhere', report.everywhere)}
</main>
</body>
</html>
`;
}

function total(name: string, number: number, kind: string, rest = ''): string {
  return `<div><dt>${name}</dt><dd class="${number === 0 ? '' : kind}">${number}<small>${rest}</small></dd></div>`;
}

function verdictHtml(verdict: Verdict): string {
  return `<span class="verdict ${verdict}">${VERDICTS[verdict]}</span>`;
}

function ingressHtml({ name, hosts, verdict, notes, snippets }: IngressReport): string {
  const items = [
    ...notes.map(
      ({ verdict: kind, text }) => `<li><span class="verdict ${kind}">${NOTES[kind]}</span>: ${escaped(text)}</li>`,
    ),
    ...snippets.map(({ annotation, suggestions, canGo }) => {
      const lines = suggestions.map(
        (suggestion) => `<li><code>${escaped(suggestion.directive)}</code> → ${escaped(insteadOf(suggestion))}</li>`,
      );
      return `<li><span class="verdict">snippet</span>: ${escaped(annotation)} ${canGo ? 'can go altogether' : 'can become smaller, or stays'}<ul>${lines.join('')}</ul></li>`;
    }),
  ];
  const head = `<strong>${escaped(name)}</strong> ${verdictHtml(verdict)} <span>${escaped(hosts.join(', '))}</span>`;
  const body = items.length === 0 ? '<p class="soft">Nothing to say.</p>' : `<ul>${items.join('')}</ul>`;
  return `<details${verdict === 'hand' ? ' open' : ''}><summary>${head}</summary>${body}</details>`;
}

function tableHtml(id: string, title: string, entries: readonly Entry[]): string {
  const rows = [...entries]
    .sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict))
    .map(
      ({ name, verdict, text }) =>
        `<tr><th scope="row"><code>${escaped(name)}</code></th><td>${verdictHtml(verdict)}</td><td>${escaped(text)}</td></tr>`,
    );
  return `<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<div class="wide"><table><thead><tr><th scope="col">Name</th><th scope="col">Verdict</th><th scope="col">Why</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>
</section>`;
}

function listHtml(id: string, title: string, texts: readonly string[]): string {
  return `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2><ul>${texts.map((text) => `<li>${escaped(text)}</li>`).join('')}</ul></section>`;
}

function escaped(text: string): string {
  return plain(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
