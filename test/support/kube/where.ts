// Says which requests something is about: a fault, a count, a disturbance of watches. What is left out means any.
import { type ApiRequest, resourceName, type Verb } from './request.ts';

export interface Where {
  /** The plural, with "/status" for the sub-resource. */
  readonly resource?: string;
  readonly verb?: Verb;
  /** '' means cluster-wide requests. */
  readonly namespace?: string;
  readonly name?: string;
}

export function covers(where: Where, request: ApiRequest): boolean {
  return (
    (where.resource === undefined || where.resource === resourceName(request)) &&
    (where.verb === undefined || where.verb === request.verb) &&
    (where.namespace === undefined || where.namespace === request.namespace) &&
    (where.name === undefined || where.name === request.name)
  );
}
