// Validating webhooks: asked about Ingresses before they are stored, and obeyed. An answer that does not come stops the write
// (failurePolicy: Fail). https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
import { reviewOf } from '../admission.ts';
import { postReview, type WebhookAnswer, type WebhookClient } from '../webhook.ts';
import type { RawObject } from './raw.ts';
import type { ApiRequest } from './request.ts';
import { ApiError } from './status.ts';

const NAME = 'validate.nginx.ingress.kubernetes.io';

/** Asks about `json`, an object as it would be stored; returns headers with warnings. Throws ApiError when it must not be. */
export async function consult(
  webhook: WebhookClient | null,
  { resource, subresource, namespace, query }: ApiRequest,
  json: string,
  before: RawObject | null,
): Promise<Record<string, string>> {
  if (webhook === null || resource.plural !== 'ingresses' || subresource !== '') return {};
  const review = reviewOf(JSON.parse(json) as object, {
    operation: before === null ? 'CREATE' : 'UPDATE',
    namespace,
    oldObject: before,
    dryRun: query.get('dryRun') === 'All',
  });
  const { status, text } = await postReview(webhook, JSON.stringify(review)).catch((error: unknown) => ({
    status: 0,
    text: String(error),
  }));
  if (status !== 200) {
    throw new ApiError(
      500,
      'InternalError',
      `Internal error occurred: failed calling webhook "${NAME}": ${text.trim()}`,
    );
  }
  const { allowed, status: why, warnings = [] } = (JSON.parse(text) as { response: WebhookAnswer }).response;
  if (!allowed) {
    throw new ApiError(
      why?.code ?? 400,
      'BadRequest',
      `admission webhook "${NAME}" denied the request: ${why?.message}`,
    );
  }
  const header = warnings.map((warning) => `299 - ${JSON.stringify(warning)}`).join(', ');
  return header === '' ? {} : { Warning: Buffer.from(header).toString('latin1') };
}
