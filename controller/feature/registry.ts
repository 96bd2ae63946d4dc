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
  return {
    apply: (draft, context) => {
      for (const [index, feature] of FEATURES.entries()) feature.route(values[index] ?? {}, draft, context);
    },
    problems,
  };
}
