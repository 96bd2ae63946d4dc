// The verbs other than watch, each from a request to its answer.
import type { IncomingMessage } from 'node:http';
import type { WebhookClient } from '../webhook.ts';
import { type Answer, answer } from './answer.ts';
import { mediaType, parseJson, readJson, readText } from './body.ts';
import { renderList } from './list.ts';
import { type ApiRequest, matchOf } from './request.ts';
import { methodNotAllowed, notFound } from './status.ts';
import { type Store, storeKey } from './store.ts';
import { consult } from './webhook.ts';
import { create, patch, remove, update, type Write } from './write.ts';

/** `webhook` is asked before anything is stored. */
export async function perform(
  store: Store,
  request: ApiRequest,
  message: IncomingMessage,
  webhook: WebhookClient | null,
): Promise<Answer> {
  const write: Write = { store, request, manager: managerOf(request, message) };
  const query = new URLSearchParams([...request.query, ['dryRun', 'All']]);
  const rehearsal: Write = { ...write, request: { ...request, query } };
  const asked = (json: string): Promise<Record<string, string>> => {
    const before = store.get(request.resource, storeKey(request.namespace, request.name))?.object ?? null;
    return consult(webhook, request, json, before);
  };
  switch (request.verb) {
    case 'get':
      return answer(get(store, request));
    case 'list':
      return answer(renderList(store, request));
    case 'create': {
      const body = await readJson(message);
      const headers = webhook === null ? {} : await asked(create(rehearsal, body));
      return { ...answer(create(write, body), 201), headers };
    }
    case 'update': {
      const body = await readJson(message);
      const headers = webhook === null ? {} : await asked(update(rehearsal, body).json);
      const { json, created } = update(write, body);
      return { ...answer(json, created ? 201 : 200), headers };
    }
    case 'patch': {
      const body = parseJson(await readText(message));
      const headers = webhook === null ? {} : await asked(patch(rehearsal, mediaType(message), body));
      return { ...answer(patch(write, mediaType(message), body)), headers };
    }
    case 'delete':
      return answer(remove(write, await readOptions(message)));
    case 'deletecollection': {
      const options = await readOptions(message);
      return answer(removeAll(write, options));
    }
    case 'watch':
      throw methodNotAllowed();
  }
}

function get(store: Store, { resource, namespace, name }: ApiRequest): string {
  const stored = store.get(resource, storeKey(namespace, name));
  if (stored === null) throw notFound(resource, name);
  return stored.json;
}

/** Answers with what was there. */
function removeAll(write: Write, options: unknown): string {
  const { store, request } = write;
  const list = renderList(store, request);
  const matches = matchOf(request);
  for (const { object } of store.at(request.resource, store.revision).filter((stored) => matches(stored.object))) {
    const { namespace = '', name = '' } = object.metadata;
    remove({ ...write, request: { ...request, namespace, name } }, options);
  }
  return list;
}

/** DeleteOptions may be left out. */
async function readOptions(message: IncomingMessage): Promise<unknown> {
  const text = await readText(message);
  return text === '' ? null : parseJson(text);
}

function managerOf({ query }: ApiRequest, message: IncomingMessage): string {
  return query.get('fieldManager') ?? message.headers['user-agent']?.split('/')[0] ?? 'unknown';
}
