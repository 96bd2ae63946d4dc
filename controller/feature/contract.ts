// What a feature is: a family of annotation keys with their parsers and documentation, and the effect of the parsed values
// on routes, hosts and backends. One file in annotations/ per feature.
import type {
  BackendContext,
  BackendDraft,
  CanaryDraft,
  HostContext,
  HostDraft,
  RouteContext,
  RouteDraft,
} from './draft.ts';
import type { Outcome, Parser } from './parse.ts';

export const RISKS = ['Low', 'Medium', 'High', 'Critical'] as const;
export type Risk = (typeof RISKS)[number];

/** Where an annotation has its effect: the path, the whole host, or the Service port. */
export type Scope = 'location' | 'server' | 'backend' | 'ingress';

export interface KeySpec<T> {
  readonly parse: Parser<T>;
  /** As docs/annotations.md prints it: "bool", "size", "list of CIDRs" … */
  readonly type: string;
  readonly doc: string;
  /** As a user would write it; null when nothing is configured without the annotation. */
  readonly default: string | null;
  readonly risk: Risk;
  readonly scope: Scope;
  /** The key of the controller ConfigMap that replaces the default. */
  readonly config: string | null;
  /** What a refused value leads to, unless its parser says otherwise. */
  readonly invalid: Outcome;
  /** Other accepted names; the canonical one wins when it is not empty. */
  readonly aliases: readonly string[];
  /** Whether an explicit empty value counts as absent (PARSE-03), or goes through the parser. */
  readonly empty: 'absent' | 'parsed';
}

type Rarely = 'default' | 'scope' | 'config' | 'invalid' | 'aliases' | 'empty';
type KeyInput<T> = Omit<KeySpec<T>, Rarely> & Partial<Pick<KeySpec<T>, Rarely>>;

/** The parsed values of a feature's keys; null where the annotation is absent, empty or refused. */
export type ValuesOf<V> = { readonly [N in keyof V]: V[N] | null };

export type AnyValues = Readonly<Record<string, unknown>>;

export interface Feature {
  readonly name: string;
  /** The key without which the others are not even parsed (PARSE-11); null where there is none. */
  readonly master: string | null;
  readonly keys: Readonly<Record<string, KeySpec<unknown>>>;
  route(values: AnyValues, draft: RouteDraft, context: RouteContext): void;
  host(values: AnyValues, draft: HostDraft, context: HostContext): void;
  backend(values: AnyValues, draft: BackendDraft, context: BackendContext): void;
  canary(values: AnyValues, draft: CanaryDraft): void;
}

interface FeatureInput<V> {
  readonly name: string;
  readonly master?: (keyof V & string) | null;
  readonly keys: { readonly [N in keyof V]: KeyInput<V[N]> };
  /** Called for each route of the Ingress; for routes without one, with nothing but nulls. */
  route?(values: ValuesOf<V>, draft: RouteDraft, context: RouteContext): void;
  /** Called for each Ingress of a host, oldest first: "first wins" is `draft.x ??= value`. */
  host?(values: ValuesOf<V>, draft: HostDraft, context: HostContext): void;
  /** Called for each Ingress that refers to the Service port, oldest first (HOST-13). */
  backend?(values: ValuesOf<V>, draft: BackendDraft, context: BackendContext): void;
  /** Called for a canary Ingress: which requests of the main backend are its own (CAN-06). */
  canary?(values: ValuesOf<V>, draft: CanaryDraft): void;
}

const RARELY: Pick<KeySpec<unknown>, Rarely> = {
  default: null,
  scope: 'location',
  config: null,
  invalid: 'use-default',
  aliases: [],
  empty: 'absent',
};

function nothing(): void {}

/** Whether a feature says something of the whole host. */
export function isHostWide({ host }: Feature): boolean {
  return host !== nothing;
}

/** Declares a feature; `V` maps each key to the type of its value, and is inferred from the parsers. */
export function annotation<V>(feature: FeatureInput<V>): Feature {
  const keys = Object.entries(feature.keys as Readonly<Record<string, KeyInput<unknown>>>);
  return {
    name: feature.name,
    master: feature.master ?? null,
    keys: Object.fromEntries(keys.map(([name, spec]) => [name, { ...RARELY, ...spec }])),
    route: (feature.route as Feature['route'] | undefined) ?? nothing,
    host: (feature.host as Feature['host'] | undefined) ?? nothing,
    backend: (feature.backend as Feature['backend'] | undefined) ?? nothing,
    canary: (feature.canary as Feature['canary'] | undefined) ?? nothing,
  };
}
