// User lists for basic authentication, from Secrets: an htpasswd file under the key "auth", or a name and a hash under each key.
import type { Secret } from '../kube/objects.ts';
import type { UserList } from '../model/types.ts';

type Users = UserList['users'];

/** The users of an htpasswd file, read as nginx reads it: "name:hash", up to the next ":" or the end of the line. */
export function fromFile(secret: Secret): Users | null {
  const file = secret.data.get('auth');
  return file === undefined ? null : fromLines(file.toString('utf8').split('\n'));
}

/** Each key is a name, its value the hash. */
export function fromMap(secret: Secret): Users {
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
