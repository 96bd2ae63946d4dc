// The upstream blocks, all balanced by Lua. nginx pools idle connections by address alone, so what must not share connections
// has a block of its own: each protocol, and each identity that TLS connections have (what is verified, by whom, which client
// certificate, which SNI).
import type { Profile, Protocol } from '../model/types.ts';
import { quoted, type Token, word } from './literal.ts';

export interface Upstream {
  readonly name: string;
  /** Whether idle connections are kept: not where requests on one may ask for different identities. */
  readonly pool: 'kept' | 'none';
}

const NAMES: Readonly<Record<Exclude<Protocol, 'auto'>, string>> = {
  http: 'upstream_balancer',
  https: 'upstream_balancer_https',
  grpc: 'upstream_balancer_grpc',
  grpcs: 'upstream_balancer_grpcs',
  fcgi: 'upstream_balancer_fcgi',
};

/** "upstream_auto_http", "upstream_auto_https". */
const AUTO = 'upstream_auto_';

/** Those of a profile; "auto" follows the connection of the client, so it has two. */
export function upstreamsOf({ protocol, identity }: Profile): Upstream[] {
  const suffix = identity === null ? '' : `_${identity.digest}`;
  const pool = identity?.pool ?? 'kept';
  if (protocol === 'auto') return ['http', 'https'].map((scheme) => ({ name: `${AUTO}${scheme}${suffix}`, pool }));
  return [{ name: `${NAMES[protocol]}${suffix}`, pool }];
}

/** All upstreams of these profiles; the four usual ones are always there. */
export function allUpstreams(profiles: readonly Profile[]): Upstream[] {
  const usual = (['http', 'https', 'grpc', 'grpcs'] as const).map((protocol) => NAMES[protocol]);
  const all = new Map<string, Upstream>(usual.map((name) => [name, { name, pool: 'kept' }]));
  for (const upstream of profiles.flatMap(upstreamsOf)) all.set(upstream.name, upstream);
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The directive that sends requests there, and its argument. */
export function passOf(profile: Profile): { readonly directive: Token; readonly upstream: Token } {
  const [{ name } = { name: '' }] = upstreamsOf(profile);
  switch (profile.protocol) {
    case 'grpc':
    case 'grpcs':
      return { directive: word('grpc_pass'), upstream: word(`${profile.protocol}://${name}`) };
    case 'fcgi':
      return { directive: word('fastcgi_pass'), upstream: word(name) };
    case 'auto': {
      const suffix = profile.identity === null ? '' : `_${profile.identity.digest}`;
      return { directive: word('proxy_pass'), upstream: quoted(`$scheme://${AUTO}\${scheme}${suffix}`) };
    }
    case 'http':
    case 'https':
      return { directive: word('proxy_pass'), upstream: word(`${profile.protocol}://${name}`) };
  }
}
