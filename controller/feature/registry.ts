// All features, and the reading of an Ingress's annotations through them.
import backendProtocol from '../annotations/backend-protocol.ts';
import proxyBodySize from '../annotations/proxy-body-size.ts';
import proxyBuffering from '../annotations/proxy-buffering.ts';
import proxyTimeouts from '../annotations/proxy-timeouts.ts';
import tlsRedirect from '../annotations/tls-redirect.ts';
import type { ObjectRef } from '../kube/ref.ts';
import type { Problem } from '../model/types.ts';
import type { Feature } from './contract.ts';
import type { RouteContext, RouteDraft } from './draft.ts';
import { showValue } from './parse.ts';
import { GUARDS, WITHOUT_EFFECT } from './unsupported.ts';

export const FEATURES: readonly Feature[] = [
  backendProtocol,
  proxyBodySize,
  proxyBuffering,
  proxyTimeouts,
  tlsRedirect,
];

/** The parsed annotations of one object, ready to be applied to each of its routes. */
export interface ReadAnnotations {
  apply(draft: RouteDraft, context: RouteContext): void;
  readonly problems: readonly Problem[];
}

/** Parses every annotation under `prefix` that a feature knows. An empty value counts as absent (PARSE-03). */
export function readAnnotations(
  annotations: ReadonlyMap<string, string>,
  owner: ObjectRef,
  prefix: string,
): ReadAnnotations {
  const problems: Problem[] = [];
  const values = FEATURES.map(({ keys }) => {
    const parsed: Record<string, unknown> = {};
    for (const [key, spec] of Object.entries(keys)) {
      const text = annotations.get(`${prefix}/${key}`) ?? '';
      const result = text === '' ? null : spec.parse(text);
      parsed[key] = result?.ok ? result.value : null;
      if (result !== null && !result.ok) {
        problems.push({
          object: owner,
          severity: 'warning',
          code: 'annotation-invalid',
          message: `annotation ${key}: ${showValue(text)} is not accepted (${result.accepts}); the default applies`,
        });
      }
    }
    return parsed;
  });
  const guard = unsupported(annotations, owner, prefix, problems);
  return {
    apply: (draft, context) => {
      if (guard !== null) draft.deny = guard;
      for (const [index, feature] of FEATURES.entries()) feature.route(values[index] ?? {}, draft, context);
    },
    problems,
  };
}

/** Notes annotations of ingress-nginx that have no effect here; returns why the object must not be served, if it must not. */
function unsupported(
  annotations: ReadonlyMap<string, string>,
  owner: ObjectRef,
  prefix: string,
  problems: Problem[],
): string | null {
  let guard: string | null = null;
  for (const [name, value] of annotations) {
    const key = name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : '';
    const guards = GUARDS.has(key);
    if (value === '' || !(guards || WITHOUT_EFFECT.has(key))) continue;
    if (guards) guard = `annotation ${key} is not supported`;
    problems.push({
      object: owner,
      severity: guards ? 'error' : 'warning',
      code: 'annotation-unsupported',
      message: guards
        ? `annotation ${key} is not supported by this version; its paths answer 503 rather than be served without it`
        : `annotation ${key} is not supported by this version and has no effect`,
    });
  }
  return guard;
}
