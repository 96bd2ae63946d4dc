// User lists for basic authentication, from Secrets: an htpasswd file under the key "auth", or a name and a hash under each key.
import { createHash } from 'node:crypto';
import type { Secret } from '../kube/objects.ts';
import type { UserList } from '../model/types.ts';

type Users = UserList['users'];

export type SecretForm = 'auth-file' | 'auth-map';

/** A Secret is read once for all paths that name it; Secrets are never changed in place. */
const known = new WeakMap<Secret, Map<SecretForm, UserList | null>>();

/** null when the Secret has no key "auth" where it should be a file. */
export function userList(secret: Secret, form: SecretForm): UserList | null {
  const lists = known.get(secret) ?? new Map<SecretForm, UserList | null>();
  known.set(secret, lists);
  const before = lists.get(form);
  if (before !== undefined) return before;
  const users = form === 'auth-map' ? fromMap(secret) : fromFile(secret);
  const list = users === null ? null : { id: createHash('sha256').update(JSON.stringify(users)).digest('hex'), users };
  lists.set(form, list);
  return list;
}

/** The users of an htpasswd file, read as nginx reads it: "name:hash", up to the next ":" or the end of the line. */
function fromFile(secret: Secret): Users | null {
  const file = secret.data.get('auth');
  return file === undefined ? null : fromLines(file.toString('utf8').split('\n'));
}

/** Each key is a name, its value the hash. */
function fromMap(secret: Secret): Users {
  return fromLines([...secret.data].map(([name, hash]) => `${name}:${hash.toString('utf8')}`).sort());
}

function fromLines(lines: readonly string[]): Users {
  const users = new Map<string, string>();
  for (const line of lines) {
    const [, name, hash] = /^([^:#][^:]*):([^:\r\n]*)/.exec(line) ?? [];
    if (name !== undefined && hash !== undefined && !users.has(name)) users.set(name, hash);
  }
  return [...users];
}
