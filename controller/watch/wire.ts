// What the API server writes: pages of lists, and one watch event a line
// (kubernetes.io/docs/reference/using-api/api-concepts). Total: what cannot be read is said.
import { z } from 'zod';
import type { Resource } from '../kube/resources.ts';

/** An object as JSON, with the kind and apiVersion that items of a list lack and without managedFields. */
export type RawObject = Readonly<Record<string, unknown>>;

export interface Page {
  readonly items: readonly RawObject[];
  readonly version: string;
  /** Where the next page starts; '' after the last one. */
  readonly next: string;
}

export type WatchEvent =
  | { readonly kind: 'put' | 'remove'; readonly object: RawObject; readonly version: string }
  | { readonly kind: 'bookmark'; readonly version: string }
  | { readonly kind: 'error'; readonly status: number; readonly message: string; readonly retryAfterMs: number | null }
  | { readonly kind: 'malformed'; readonly reason: string };

const metadata = z.looseObject({ resourceVersion: z.string().min(1) });

const pageSchema = z.object({
  metadata: z.object({
    resourceVersion: z.string().nullish(),
    continue: z.string().nullish(),
  }),
  items: z.array(z.looseObject({ metadata: z.looseObject({}).nullish() })).nullish(),
});

const objectEvent = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED']),
  object: z.looseObject({ metadata }),
});

const eventSchema = z.discriminatedUnion('type', [
  objectEvent,
  z.object({ type: z.literal('BOOKMARK'), object: z.object({ metadata }) }),
  z.object({
    type: z.literal('ERROR'),
    object: z.object({
      code: z.number().nullish(),
      message: z.string().nullish(),
      reason: z.string().nullish(),
      details: z.object({ retryAfterSeconds: z.number().nullish() }).nullish(),
    }),
  }),
]);

/** Reads a page of a list; null when it is none. */
export function readPage(resource: Resource, raw: unknown): Page | null {
  const parsed = pageSchema.safeParse(raw);
  if (!parsed.success) return null;
  const { metadata: meta, items } = parsed.data;
  return {
    items: (items ?? []).map((item) => complete(resource, item)),
    version: meta.resourceVersion ?? '',
    next: meta.continue ?? '',
  };
}

/** Reads a line of a watch. */
export function readEvent(resource: Resource, line: string): WatchEvent {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch (error) {
    return { kind: 'malformed', reason: `an event is no JSON: ${String(error)}` };
  }
  const parsed = eventSchema.safeParse(raw);
  if (!parsed.success)
    return { kind: 'malformed', reason: `an event has another shape: ${z.prettifyError(parsed.error)}` };
  const event = parsed.data;
  switch (event.type) {
    case 'BOOKMARK':
      return { kind: 'bookmark', version: event.object.metadata.resourceVersion };
    case 'ERROR': {
      const { code, message, reason, details } = event.object;
      const seconds = details?.retryAfterSeconds ?? null;
      return {
        kind: 'error',
        status: code ?? 500,
        message: message ?? reason ?? 'the server gave no reason',
        retryAfterMs: seconds === null ? null : seconds * 1000,
      };
    }
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return {
        kind: event.type === 'DELETED' ? 'remove' : 'put',
        object: complete(resource, event.object),
        version: event.object.metadata.resourceVersion,
      };
  }
}

function complete({ kind, apiVersion }: Resource, object: RawObject): RawObject {
  const { managedFields: _, ...meta } = (object.metadata ?? {}) as Record<string, unknown>;
  return { ...object, kind, apiVersion, metadata: meta };
}
