// Snippets: configuration of nginx that an Ingress brings along (SNIP-01 to SNIP-03). Accepted only where the controller
// ConfigMap allows it twice; read by feature/snippet.ts.
import { annotation } from '../feature/contract.ts';
import type { PolicyDraft } from '../feature/draft.ts';
import { size } from '../feature/parse.ts';
import { lastValue, type Snippet, snippet } from '../feature/snippet.ts';

export default annotation({
  name: 'snippets',
  keys: {
    'configuration-snippet': {
      type: 'snippet',
      parse: snippet('location'),
      invalid: 'reject-ingress',
      risk: 'Critical',
      doc: 'Configuration inside the location of every path; its if, return and rewrite come before redirects and rewrite-target.',
    },
    'server-snippet': {
      type: 'snippet',
      parse: snippet('server'),
      invalid: 'reject-ingress',
      risk: 'Critical',
      scope: 'server',
      doc: 'Configuration inside the server of the host. The first Ingress of the host that has it wins.',
    },
  },
  route({ 'configuration-snippet': text }, draft) {
    draft.snippet = text;
    if (text !== null) takeOver(text, draft.policy);
  },
  host({ 'server-snippet': text }, draft, { report }) {
    if (text === null) return;
    if (draft.snippet === null) draft.snippet = text;
    else if (draft.snippet.text !== text.text) {
      report(
        'server-snippet',
        'an older Ingress of the host has another one, which is in force; this one has no effect',
      );
    }
  },
});

/** Directives that a snippet may say, and that are data here: the balancer and the router go by the data. */
function takeOver(text: Snippet, policy: PolicyDraft): void {
  const seconds = (directive: string, before: number): number => secondsOf(lastValue(text, directive)) ?? before;
  policy.timeouts.connect = seconds('proxy_connect_timeout', policy.timeouts.connect);
  policy.timeouts.send = seconds('proxy_send_timeout', policy.timeouts.send);
  policy.timeouts.read = seconds('proxy_read_timeout', policy.timeouts.read);
  const tries = lastValue(text, 'proxy_next_upstream_tries');
  if (tries !== null && /^[0-9]{1,6}$/.test(tries)) policy.tries = Number(tries);
  const body = lastValue(text, 'client_max_body_size');
  const bytes = body === null ? null : size(body);
  if (bytes?.ok) policy.maxBodyBytes = bytes.value;
}

/** A time as nginx writes it ("1h 30m" in quotes, "60s", "60"), in seconds; null for what is none. */
function secondsOf(text: string | null): number | null {
  if (text === null || !/^\s*([0-9]{1,7}(ms|[smhdw])?\s*)+$/.test(text)) return null;
  const factors: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const parts = text.matchAll(/([0-9]+)(ms|[smhdw])?/g);
  const total = [...parts].reduce((sum, [, number, unit]) => sum + Number(number) * (factors[unit ?? 's'] ?? 1), 0);
  return total > 0 ? total : null;
}
