// `sluice conf`: nginx.conf as it is in force, parts of it, and objects of the routing data.
import { UsageError } from '../../flags.ts';
import type { RouteView } from '../../inspect/views.ts';
import type { Invocation } from '../command.ts';
import { CommandError, EXIT } from '../exit.ts';
import { withProgress } from '../output.ts';
import { type Inspector, inspectorOf } from './client.ts';
import { profilesIn, serverPart } from './conf-parts.ts';
import type { CONF_OPTIONS } from './options.ts';

export async function conf({
  words,
  options,
  flags,
  streams,
  signal,
}: Invocation<typeof CONF_OPTIONS>): Promise<number> {
  const inspector = await inspectorOf(flags, signal);
  const [name] = words;
  if (options.state !== null) {
    if (name !== undefined)
      throw new UsageError('sluice conf prints a part of nginx.conf, or an object of --state: not both');
    const text = await inspector.text('/v1/state', { name: options.state });
    streams.out(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
    return EXIT.ok;
  }
  const config = await withProgress(streams, 'reading nginx.conf', inspector.text('/v1/config'));
  streams.out(name === undefined ? config : await partOf(config, name, inspector));
  return EXIT.ok;
}

/** Rejects with CommandError where there is no such part. */
async function partOf(config: string, name: string, inspector: Inspector): Promise<string> {
  if (name.startsWith('p_')) return found(profilesIn(config, [name]), `no profile ${name} is loaded`);
  if (/^[sn]_/.test(name) || name === 'shared') return found(serverPart(config, name), `no server ${name} is loaded`);
  // Exactly this host: a star in its name is part of it.
  const rows = await Array.fromAsync(inspector.rows<RouteView>('/v1/routes', { host: name }));
  const ofHost = rows.filter(({ host, aliases }) => host === name || aliases.includes(name));
  const [first] = ofHost;
  if (first === undefined) {
    throw new CommandError(EXIT.noInput, `no host ${JSON.stringify(name)} is served; sluice routes lists them`);
  }
  const server = found(serverPart(config, first.server ?? 'shared'), `the server of ${name} is not loaded yet`);
  // In native mode its paths are in the server itself.
  if (first.server?.startsWith('n_')) return server;
  const profiles = profilesIn(server, [...new Set(ofHost.map(({ profile }) => profile))]);
  return found(profiles, `no profile of ${name} is loaded: its paths are refused, or wait for a reload`);
}

function found(text: string, otherwise: string): string {
  if (text === '') throw new CommandError(EXIT.noInput, otherwise);
  return text;
}
