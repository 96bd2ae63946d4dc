// An explanation for people.
import type { Reasons } from '../../explain/reasons.ts';
import { showProblem } from '../../model/problems.ts';
import { plain } from '../output.ts';
import type { Streams } from '../streams.ts';
import type { BackendState, Explanation, PeerState, Phase } from './explanation.ts';

const WIDTH = 22;

export function printExplanation(streams: Streams, explanation: Explanation): void {
  const { request, from, host, route, outcome, phases, backends, reasons, live } = explanation;
  const isBad = (outcome?.status ?? 200) >= 400;
  const lines = [
    streams.paint('bold', plain(`${request.method} ${request.url}`)),
    ...(request.uri === null || request.url.endsWith(request.uri) ? [] : [pair('as nginx sees it', request.uri)]),
    pair('according to', from),
    ...(host === null
      ? []
      : [
          pair(
            'host',
            `${host.name} (found by ${host.foundBy})${host.server === null ? '' : `, server ${host.server}`}`,
          ),
        ]),
    ...(route === null
      ? []
      : [pair('path', showRoute(route)), pair('Ingress', route.ingress ?? 'none: the controller itself')]),
    ...(route === null ? [] : [pair('profile', showProfile(route.profile, reasons))]),
    streams.paint(isBad ? 'red' : 'green', pair('answer', outcome?.text ?? 'only nginx can tell')),
    ...section(streams, 'What happens, in order', phases.map(showPhase)),
    ...backends.flatMap((backend) => section(streams, showBackend(backend), backend.peers.map(showPeer))),
    ...(reasons === null ? noObjects(streams, explanation) : reasonLines(streams, reasons)),
    ...(live === null ? [] : ['', streams.paint(live.agrees ? 'green' : 'red', plain(live.text))]),
  ];
  streams.out(`${lines.join('\n')}\n`);
}

function pair(name: string, value: string): string {
  return `  ${name.padEnd(WIDTH)} ${plain(value)}`;
}

function section(streams: Streams, title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', streams.paint('bold', plain(title)), ...lines];
}

function showRoute({ match, path, pattern }: NonNullable<Explanation['route']>): string {
  return match === 'regex' ? `${path}, as the regular expression ^${pattern ?? path}` : `${match} ${path}`;
}

function showProfile(id: string, reasons: Reasons | null): string {
  if (reasons === null) return id;
  return `${id}: ${[reasons.protocol ?? '', ...reasons.directives].join('; ')}`;
}

function showPhase({ phase, text, ends }: Phase): string {
  const location = ends?.location == null ? '' : `, to ${ends.location}`;
  return pair(phase, ends === null ? text : `${text} → ${ends.status}${location}`);
}

function showBackend({ id, chance, why, balancing, resolves }: BackendState): string {
  const part = chance === 1 ? why : `${Number((chance * 100).toFixed(2))} % of such requests, ${why}`;
  return `Backend ${id} (${part}; ${balancing}${resolves === null ? '' : `; resolves ${resolves}`})`;
}

function showPeer({ address, port, state, secondsLeft }: PeerState): string {
  const where = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const words = {
    ready: 'ready',
    draining: 'draining: only sessions that it holds',
    'other-zone': 'of another zone: when no other can serve',
    ejected: `left out because it fails, for ${Math.ceil(secondsLeft ?? 0)} s more`,
  };
  return pair(where, words[state]);
}

function reasonLines(streams: Streams, { annotations, shadowed, problems }: Reasons): string[] {
  return [
    ...section(
      streams,
      'Annotations that count',
      annotations.map(({ ingress, key, value, scope, state, doc }) => {
        const mark = state === 'accepted' ? doc : `${state}: ${doc}`;
        return `  ${plain(`${key}: ${JSON.stringify(value)}`)}\n${' '.repeat(4)}${plain(`${ingress}, for the ${scope}. ${mark}`)}`;
      }),
    ),
    ...section(
      streams,
      'Also match, and are not served',
      shadowed.map(({ ingress, host, path, why }) => pair(ingress, `host ${host}, ${path}: ${why}`)),
    ),
    ...section(
      streams,
      'Problems',
      problems.map((problem) =>
        streams.paint(problem.severity === 'error' ? 'red' : 'yellow', `  ${plain(showProblem(problem))}`),
      ),
    ),
  ];
}

function noObjects(streams: Streams, { host }: Explanation): string[] {
  if (host === null) return [];
  return [
    '',
    streams.paint(
      'dim',
      'Annotations, who else matches, and Problems: the controller does not answer; give --manifests or --kubeconfig.',
    ),
  ];
}
