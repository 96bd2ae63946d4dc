// SelfSubjectAccessReview: may I? The answer agrees with the "forbidden" faults that are on.
// https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
import { readRecord } from './body.ts';
import type { Faults } from './faults.ts';
import { valueAt } from './raw.ts';
import type { Verb } from './request.ts';
import { RESOURCES } from './resources.ts';

export const REVIEW_PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** The review with its status, as JSON. A resource that the double does not serve is allowed to nobody. */
export function review(faults: Faults, body: unknown): string {
  const attribute = (name: string): string => String(valueAt(body, `spec.resourceAttributes.${name}`) ?? '');
  const resource = RESOURCES.find(
    ({ group, plural }) => group === attribute('group') && plural === attribute('resource'),
  );
  const allowed =
    resource !== undefined &&
    !faults.forbids({
      verb: attribute('verb') as Verb,
      resource,
      subresource: attribute('subresource') === 'status' ? 'status' : '',
      namespace: attribute('namespace'),
      name: attribute('name'),
      query: new URLSearchParams(),
    });
  return JSON.stringify({ ...readRecord(body), status: { allowed } });
}
