// Lists: chunks, consistent snapshots and resource versions.
// https://kubernetes.io/docs/reference/using-api/api-concepts/, "Retrieving large results sets in chunks" and "Resource versions".
import { type ApiRequest, matchOf } from './request.ts';
import { apiVersionOf } from './resources.ts';
import { ApiError, badRequest, expired, tooLarge } from './status.ts';
import type { Store, Stored } from './store.ts';

/** What a continue token stands for; a revision of -1 continues with whatever is there now. */
interface Place {
  readonly revision: number;
  readonly after: string;
}

const TOO_OLD =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

function encodePlace({ revision, after }: Place): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after })).toString('base64url');
}

function decodePlace(token: string): Place {
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as { rv: number; start: string };
    if (Number.isInteger(rv) && typeof start === 'string') return { revision: rv, after: start };
  } catch {
    // Falls through: any text that is no token is answered alike.
  }
  throw badRequest('continue key is not valid: encoded continue has an unexpected form');
}

export function readRevision(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw new ApiError(
      400,
      'BadRequest',
      `resourceVersion: Invalid value: "${text}": strconv.ParseUint: invalid syntax`,
    );
  }
  return Number(text);
}

/** The revision to show, after the table in section "resourceVersion and resourceVersionMatch parameters for list". */
function revisionFor(store: Store, query: URLSearchParams, limited: 'limited' | 'whole'): number {
  const asked = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  if (match !== '' && (asked === '' || (match === 'Exact' && asked === '0'))) {
    throw new ApiError(
      422,
      'Invalid',
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  }
  if (asked === '' || asked === '0') return store.revision;
  const revision = readRevision(asked);
  if (revision > store.revision) throw tooLarge(revision, store.revision);
  if (match !== 'Exact' && (match === 'NotOlderThan' || limited === 'whole')) return store.revision;
  if (revision < store.compacted) throw expired('The resourceVersion for the provided list is too old.');
  return revision;
}

function placeFor(store: Store, query: URLSearchParams, limit: number): Place {
  const token = query.get('continue') ?? '';
  if (token === '') return { revision: revisionFor(store, query, limit > 0 ? 'limited' : 'whole'), after: '' };
  if (!['', '0'].includes(query.get('resourceVersion') ?? '')) {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const place = decodePlace(token);
  if (place.revision === -1) return { ...place, revision: store.revision };
  if (place.revision < store.compacted) {
    throw expired(TOO_OLD, { continue: encodePlace({ ...place, revision: -1 }) });
  }
  return place;
}

/** The list as JSON text. */
export function renderList(store: Store, request: ApiRequest): string {
  const { resource, query } = request;
  const asked = Number(query.get('limit') ?? '0');
  if (!Number.isInteger(asked) || asked < 0) throw badRequest(`limit: Invalid value: "${query.get('limit')}"`);
  // The watch cache, which answers "any version will do", has no chunks.
  const limit = query.get('resourceVersion') === '0' ? 0 : asked;
  const { revision, after } = placeFor(store, query, limit);
  const matches = matchOf(request);
  const rest = store.at(resource, revision).filter(({ key, object }) => key > after && matches(object));
  const page = limit > 0 ? rest.slice(0, limit) : rest;
  const metadata = { resourceVersion: String(revision), ...more(page, rest.length - page.length, revision, query) };
  const head = JSON.stringify({ kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata });
  return `${head.slice(0, -1)},"items":[${page.map(({ item }) => item).join(',')}]}`;
}

/** remainingItemCount is left out of lists with selectors ("the server does not know it"). */
function more(page: readonly Stored[], left: number, revision: number, query: URLSearchParams): object {
  const last = page.at(-1);
  if (left === 0 || last === undefined) return {};
  const selected = query.has('labelSelector') || query.has('fieldSelector');
  return {
    continue: encodePlace({ revision, after: last.key }),
    ...(selected ? {} : { remainingItemCount: left }),
  };
}
