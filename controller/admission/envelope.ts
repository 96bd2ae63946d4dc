// AdmissionReview of admission.k8s.io/v1, in and out.
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
import { z } from 'zod';

const VERSION = 'admission.k8s.io/v1';

const text = z.string();
const maybeText = text.nullish().transform((value) => value ?? '');

const schema = z.object({
  apiVersion: z.literal(VERSION),
  kind: z.literal('AdmissionReview'),
  request: z
    .object({
      uid: text.min(1).max(256),
      kind: z.object({ group: maybeText, version: maybeText, kind: text }),
      operation: text,
      subResource: maybeText,
      namespace: maybeText,
      object: z.unknown(),
    })
    .transform(({ kind, ...rest }) => ({ ...rest, group: kind.group, kind: kind.kind })),
});

/** What is asked. Names and namespace are what the API server says of the object; all of it is untrusted. */
export type Asked = z.output<typeof schema>['request'];

export type Opened = { readonly ok: true; readonly asked: Asked } | { readonly ok: false; readonly why: string };

/** Reads the body of a request. */
export function openReview(body: string): Opened {
  let raw: unknown;
  try {
    raw = JSON.parse(body);
  } catch {
    return { ok: false, why: 'the body is not JSON' };
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return { ok: true, asked: parsed.data.request };
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return { ok: false, why: `the body is not an AdmissionReview of ${VERSION}: ${where}${issue?.message ?? ''}` };
}

export interface Answer {
  /** Why the object is refused; null when it may pass. */
  readonly refusal: string | null;
  readonly warnings: readonly string[];
}

/** The body of the answer. Code and reason are those of the old controller (ADM-06). */
export function sealReview(uid: string, { refusal, warnings }: Answer): string {
  return JSON.stringify({
    apiVersion: VERSION,
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: refusal === null,
      ...(refusal === null ? {} : { status: { status: 'Failure', code: 400, reason: 'BadRequest', message: refusal } }),
      ...(warnings.length === 0 ? {} : { warnings }),
    },
  });
}
