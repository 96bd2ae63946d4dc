// Basic authentication. Realm and users are data: a changed password is live without a reload.
import { annotation } from '../feature/contract.ts';
import type { RouteContext } from '../feature/draft.ts';
import { accepted, type Parser, refused, textOf } from '../feature/parse.ts';
import { type SecretForm, userList } from '../feature/users.ts';
import type { UserList } from '../model/types.ts';

/** The old controller took every other text that contains one of the words for digest. */
const authType: Parser<'basic'> = (text) => {
  if (text === 'basic') return accepted('basic');
  if (text !== 'digest') return refused('"basic"');
  return refused('"basic"; digest authentication needs an nginx module that Sluice does not have', 'deny-location');
};

const secretType: Parser<SecretForm> = (text) => {
  if (text === 'auth-file' || text === 'auth-map') return accepted(text);
  return refused('auth-file or auth-map', /auth-(file|map)/.test(text) ? 'deny-location' : 'reject-ingress');
};

const WORDS = /[A-Za-z0-9._~/: -]/;

export default annotation({
  name: 'basic-auth',
  master: 'auth-type',
  keys: {
    'auth-type': {
      type: 'enum[basic,digest]',
      parse: authType,
      invalid: 'reject-ingress',
      risk: 'Low',
      doc: 'Asks for a name and a password; without good ones the answer is 401.',
    },
    'auth-secret': {
      type: 'secret-ref',
      parse: textOf(WORDS, '"name", or "namespace/name"'),
      invalid: 'deny-location',
      risk: 'Medium',
      doc: 'The Secret with the users.',
    },
    'auth-secret-type': {
      type: 'enum[auth-file,auth-map]',
      default: 'auth-file',
      parse: secretType,
      invalid: 'reject-ingress',
      risk: 'Low',
      doc: 'auth-file: its key "auth" is an htpasswd file; auth-map: each key is a user and its value the hash.',
    },
    'auth-realm': {
      type: 'string',
      default: '',
      parse: textOf(WORDS, 'letters, digits, blanks and - . _ ~ / :'),
      invalid: 'reject-ingress',
      risk: 'Medium',
      doc: 'Realm of the challenge.',
    },
  },
  route(values, draft, context) {
    const { settings, path } = context;
    if (values['auth-type'] === null || draft.deny !== null) return;
    if (settings.noAuthLocations.some((prefix) => path.startsWith(prefix))) return;
    const users = usersOf(values['auth-secret'], values['auth-secret-type'] ?? 'auth-file', context);
    if (users === null) {
      draft.deny = 'the users of auth-secret are not there';
      return;
    }
    draft.users = users;
    draft.policy.basicAuth = { realm: values['auth-realm'] ?? '', users: users.id };
  },
});

/** The Secret is read through the View: a location that is denied for want of it recovers by itself (PARSE-08). */
function usersOf(name: string | null, form: SecretForm, { references, report }: RouteContext): UserList | null {
  const closed = (why: string): null => {
    report('auth-secret', `${why}; its paths answer 503`);
    return null;
  };
  if (name === null) return closed('it is needed with auth-type');
  const found = references.secret(name, 'name-or-full');
  if (found.kind !== 'found') return closed(found.why);
  return userList(found.object, form) ?? closed(`Secret ${name.trim()} has no key "auth"`);
}
