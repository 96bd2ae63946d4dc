// What a feature is: a family of annotation keys with their parsers and documentation, and the effect of the parsed values
// on a route. One file in annotations/ per feature.
import type { RouteContext, RouteDraft } from './draft.ts';
import type { Parser } from './parse.ts';

export interface KeySpec<T> {
  readonly parse: Parser<T>;
  readonly risk: 'low' | 'medium' | 'high' | 'critical';
  readonly doc: string;
}

/** The parsed values of a feature's keys; null where the annotation is absent, empty or refused. */
export type ValuesOf<V> = { readonly [N in keyof V]: V[N] | null };

export interface Feature {
  readonly name: string;
  readonly keys: Readonly<Record<string, KeySpec<unknown>>>;
  route(values: Readonly<Record<string, unknown>>, draft: RouteDraft, context: RouteContext): void;
}

/** Declares a feature; `V` maps each key to the type of its value, and is inferred from the parsers. */
export function annotation<V>(feature: {
  readonly name: string;
  readonly keys: { readonly [N in keyof V]: KeySpec<V[N]> };
  route(values: ValuesOf<V>, draft: RouteDraft, context: RouteContext): void;
}): Feature {
  return {
    name: feature.name,
    keys: feature.keys as Readonly<Record<string, KeySpec<unknown>>>,
    route: (values, draft, context) => feature.route(values as ValuesOf<V>, draft, context),
  };
}
