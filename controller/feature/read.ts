// From the annotations of one object to the effects of its features: parsing, aliases, master switches and what a refused
// value leads to (PARSE-01 to PARSE-11).

import type { ObjectRef } from '../kube/ref.ts';
import type { Problem } from '../model/types.ts';
import type { AnyValues, Feature, KeySpec } from './contract.ts';
import type {
  BackendContext,
  BackendDraft,
  CanaryDraft,
  HostContext,
  HostDraft,
  RouteContext,
  RouteDraft,
} from './draft.ts';
import { type Outcome, showValue } from './parse.ts';

/** One annotation whose value is not accepted. */
export interface RefusedValue {
  readonly key: string;
  readonly text: string;
  readonly accepts: string;
  readonly outcome: Outcome;
  /** What holds in its place; null for what holds without the annotation. */
  readonly instead: boolean | null;
}

export interface ReadAnnotations {
  readonly refused: readonly RefusedValue[];
  /** Applies every feature. Values whose refusal denies the route have done so already. */
  route(draft: RouteDraft, context: RouteContext): void;
  host(draft: HostDraft, context: HostContext): void;
  backend(draft: BackendDraft, context: BackendContext): void;
  canary(draft: CanaryDraft): void;
}

/** Parses what the features know of these annotations. */
export function readAll(
  features: readonly Feature[],
  annotations: ReadonlyMap<string, string>,
  prefix: string,
): ReadAnnotations {
  const refused: RefusedValue[] = [];
  const values = features.map((feature) => readFeature(feature, annotations, prefix, refused));
  const worst = (outcome: Outcome): string | null => {
    const found = refused.find((value) => value.outcome === outcome);
    return found === undefined ? null : `annotation ${found.key} is not accepted`;
  };
  // An object that should have been rejected is held back before it gets here; where it is not, its paths are closed.
  const deny = worst('deny-location') ?? worst('reject-ingress');
  const denyHost = worst('deny-server');
  return {
    refused,
    route: (draft, context) => {
      if (deny !== null) draft.deny = deny;
      for (const [index, feature] of features.entries()) feature.route(values[index] ?? {}, draft, context);
    },
    host: (draft, context) => {
      if (denyHost !== null) draft.deny = denyHost;
      for (const [index, feature] of features.entries()) feature.host(values[index] ?? {}, draft, context);
    },
    backend: (draft, context) => {
      for (const [index, feature] of features.entries()) feature.backend(values[index] ?? {}, draft, context);
    },
    canary: (draft) => {
      for (const [index, feature] of features.entries()) feature.canary(values[index] ?? {}, draft);
    },
  };
}

function readFeature(
  { keys, master }: Feature,
  annotations: ReadonlyMap<string, string>,
  prefix: string,
  refused: RefusedValue[],
): AnyValues {
  const values: Record<string, unknown> = {};
  const nothing = (): AnyValues => Object.fromEntries(Object.keys(keys).map((key) => [key, null]));
  const masterSpec = master === null ? null : (keys[master] ?? null);
  if (master !== null && masterSpec !== null && textOfKey(master, masterSpec, annotations, prefix) === null) {
    return nothing();
  }
  let dropped = false;
  for (const [key, spec] of Object.entries(keys)) {
    const text = textOfKey(key, spec, annotations, prefix);
    const result = text === null ? null : spec.parse(text);
    values[key] = result?.ok ? result.value : (result?.instead ?? null);
    if (text === null || result === null || result.ok) continue;
    const outcome = result.outcome ?? spec.invalid;
    if (outcome === 'drop-group') dropped = true;
    refused.push({ key, text, accepts: result.accepts, outcome, instead: result.instead ?? null });
  }
  return dropped ? nothing() : values;
}

/** The text to parse; null when the annotation is absent, or empty and that counts as absent (PARSE-03). */
function textOfKey(
  key: string,
  spec: KeySpec<unknown>,
  annotations: ReadonlyMap<string, string>,
  prefix: string,
): string | null {
  const own = annotations.get(`${prefix}/${key}`);
  if (own !== undefined && own !== '') return own;
  for (const alias of spec.aliases) {
    const text = annotations.get(`${prefix}/${alias}`);
    if (text !== undefined && text !== '') return text;
  }
  return own === '' && spec.empty === 'parsed' ? '' : null;
}

/** What becomes of an Ingress that must be rejected. */
export const NOT_ACCEPTED = 'the Ingress is not accepted: what was served of it before goes on, or nothing';

const CONSEQUENCES: Readonly<Record<Outcome, string>> = {
  'use-default': 'the default applies',
  'drop-group': 'it and the annotations that go with it have no effect',
  'deny-location': 'its paths answer 503 until it is mended',
  'deny-server': 'its hosts answer 403 until it is mended',
  'reject-ingress': NOT_ACCEPTED,
};

/** What a refused value is told its owner as. */
export function problemOf({ key, text, accepts, outcome, instead }: RefusedValue, object: ObjectRef): Problem {
  const consequence = instead === null ? CONSEQUENCES[outcome] : `it counts as ${instead}`;
  return {
    object,
    severity: outcome === 'use-default' || outcome === 'drop-group' ? 'warning' : 'error',
    code: 'annotation-invalid',
    message: `annotation ${key}: ${showValue(text)} is not accepted (${accepts}); ${consequence}`,
  };
}
