// nginx's own status page (ngx_http_stub_status_module) as the metrics of ingress-nginx.
import { PREFIX } from './families.ts';
import { one, type Sample, type SampleFamily } from './samples.ts';

/** Families of the page's text; none when it is another one. */
export function statusFamilies(page: string, own: Sample['labels']): SampleFamily[] {
  const [, accepted, handled, requests] = /\n *(\d+) (\d+) (\d+) *\n/.exec(page) ?? [];
  const state = (name: string): string | undefined => new RegExp(`${name}: (\\d+)`).exec(page)?.[1];
  if (requests === undefined) return [];
  const states = { active: state('Active connections'), reading: state('Reading') };
  const all = { ...states, writing: state('Writing'), waiting: state('Waiting') };
  const samples = (values: Readonly<Record<string, string | undefined>>): Sample[] =>
    Object.entries(values).map(([name, value]) => ({ labels: { ...own, state: name }, value: Number(value) }));
  return [
    {
      name: `${PREFIX}nginx_process_connections`,
      help: 'Connections of clients at this moment',
      type: 'gauge',
      samples: samples(all),
    },
    {
      name: `${PREFIX}nginx_process_connections_total`,
      help: 'Connections of clients since nginx started',
      type: 'counter',
      samples: samples({ accepted, handled }),
    },
    one(
      'counter',
      `${PREFIX}nginx_process_requests_total`,
      'Requests since nginx started, those of the controller included',
      own,
      Number(requests),
    ),
  ];
}
