// The routing data as the Lua code gets it (apply/state.ts), by name: from a model, or from a running controller.
import type { State } from '../../apply/state.ts';
import type { CanaryPolicy, HostPolicy, RoutePolicy } from '../../model/policy.ts';
import type { Alias } from '../../model/types.ts';

/** A policy in Lua's spelling; nulls are left out. */
type Snake<T extends string> = T extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Tail>}`
  : T;
type Sent<T> = T extends readonly (infer Item)[]
  ? readonly Sent<Item>[]
  : T extends object
    ? { readonly [N in keyof T & string as Snake<N>]?: Sent<Exclude<T[N], null>> }
    : T;

export interface RouteValue {
  readonly match: 'exact' | 'prefix' | 'regex';
  readonly path: string;
  readonly pattern?: string;
  readonly profile: string;
  readonly target: { readonly kind: 'backend' | 'default' | 'deny'; readonly id?: string; readonly status?: number };
  readonly policy: Sent<RoutePolicy>;
  readonly namespace: string;
  readonly ingress: string;
  readonly service: string;
  readonly port: string;
}

export interface HostValue {
  readonly name: string;
  readonly native?: boolean;
  readonly denied?: boolean;
  readonly server?: string;
  readonly policy: Sent<HostPolicy>;
  readonly routes: readonly RouteValue[];
}

interface Address {
  readonly address: string;
  readonly port: number;
}

export interface BackendValue {
  /** As ingress-nginx calls it. */
  readonly name: string;
  readonly endpoints: readonly Address[];
  readonly elsewhere?: readonly Address[];
  readonly draining?: readonly Address[];
  readonly resolve?: { readonly name: string; readonly port: number };
  readonly policy: Readonly<Record<string, unknown>> & { readonly session_cookie?: { readonly name: string } };
  readonly canaries?: readonly { readonly id: string; readonly policy: Sent<CanaryPolicy> }[];
}

type Pattern = { readonly text: string } | { readonly regex: string; readonly options: string };

export interface SettingsValue {
  readonly redirect_code: number;
  readonly https_port: number;
  readonly hsts?: string;
  readonly use_forwarded_headers: boolean;
  readonly reject_handshake?: boolean;
  readonly blocked?: { readonly user_agents: readonly Pattern[]; readonly referers: readonly Pattern[] };
  readonly health_check_path: string;
}

/** Objects by name, as the controller sent them; null for one that there is not. */
export interface Values {
  host(name: string): Promise<HostValue | null>;
  backend(id: string): Promise<BackendValue | null>;
  settings(): Promise<SettingsValue | null>;
  aliases(): Promise<readonly Alias[]>;
  hasCertificate(host: string): Promise<boolean>;
}

/** `get` answers the JSON of an object, null for none. */
export function valuesOf(get: (name: string) => Promise<string | null>): Values {
  const read = async <T>(name: string): Promise<T | null> => {
    const text = await get(name);
    return text === null ? null : (JSON.parse(text) as T); // written by apply/state.ts
  };
  return {
    host: (name) => read<HostValue>(`host/${name}`),
    backend: (id) => read<BackendValue>(`backend/${id}`),
    settings: () => read<SettingsValue>('settings'),
    aliases: async () => (await read<Alias[]>('aliases')) ?? [],
    hasCertificate: async (host) => (await get(`certificate/${host}`)) !== null,
  };
}

export function valuesOfState(state: State): Values {
  return valuesOf((name) => Promise.resolve(state.get(name) ?? null));
}
