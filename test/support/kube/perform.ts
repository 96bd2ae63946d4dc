// The verbs other than watch, each from a request to its answer.
import type { IncomingMessage } from 'node:http';
import { type Answer, answer } from './answer.ts';
import { renderList } from './list.ts';
import type { ApiRequest } from './request.ts';
import { methodNotAllowed, notFound } from './status.ts';
import { type Store, storeKey } from './store.ts';

export async function perform(store: Store, request: ApiRequest, _message: IncomingMessage): Promise<Answer> {
  switch (request.verb) {
    case 'get':
      return answer(get(store, request));
    case 'list':
      return answer(renderList(store, request));
    default:
      throw methodNotAllowed();
  }
}

function get(store: Store, { resource, namespace, name }: ApiRequest): string {
  const stored = store.get(resource, storeKey(namespace, name));
  if (stored === null) throw notFound(resource, name);
  return stored.json;
}
