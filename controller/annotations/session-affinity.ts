// Sticky sessions by a cookie.
import { annotation } from '../feature/contract.ts';
import { bool, intBetween, oneOf, oneOfAnyCase, textOf } from '../feature/parse.ts';

const COOKIE_NAME = 'INGRESSCOOKIE';

/** Cookies hold no more than that, in either direction (about 68 years). */
const cookieSeconds = intBetween(-(2 ** 31), 2 ** 31);

const sameSite = oneOfAnyCase('None', 'Lax', 'Strict');

export default annotation({
  name: 'affinity',
  master: 'affinity',
  keys: {
    affinity: {
      type: 'enum[cookie]',
      parse: oneOf('cookie'),
      risk: 'Low',
      scope: 'backend',
      doc: 'Requests of one client go to the same endpoint, by a cookie.',
    },
    'session-cookie-name': {
      type: 'string',
      default: COOKIE_NAME,
      parse: textOf(/[A-Za-z0-9._~-]/, 'letters, digits and - . _ ~'),
      risk: 'Medium',
      scope: 'backend',
      doc: 'Name of that cookie.',
    },
    'session-cookie-expires': {
      type: 'duration-seconds',
      parse: cookieSeconds,
      risk: 'Medium',
      scope: 'backend',
      doc: 'Adds Expires, this many seconds from now.',
    },
    'session-cookie-max-age': {
      type: 'duration-seconds',
      parse: cookieSeconds,
      risk: 'Medium',
      scope: 'backend',
      doc: 'Adds Max-Age, in seconds.',
    },
    'session-cookie-path': {
      type: 'string',
      parse: textOf(/[A-Za-z0-9._~/:,?&= -]/, 'letters, digits and - . _ ~ / : , ? & ='),
      risk: 'Medium',
      scope: 'backend',
      doc: 'Path of the cookie in place of the path of the rule.',
    },
    'session-cookie-domain': {
      type: 'string',
      parse: textOf(/[A-Za-z0-9._~/: -]/, 'letters, digits and - . _ ~ / :'),
      risk: 'Medium',
      scope: 'backend',
      doc: 'Domain of the cookie.',
    },
    'session-cookie-samesite': {
      type: 'enum[None,Lax,Strict]',
      parse: sameSite,
      risk: 'Low',
      scope: 'backend',
      doc: 'SameSite of the cookie.',
    },
    'session-cookie-conditional-samesite-none': {
      type: 'bool',
      default: 'false',
      parse: bool,
      risk: 'Low',
      scope: 'backend',
      doc: 'Leaves SameSite=None out for clients that are known to mistake it.',
    },
    'session-cookie-secure': {
      type: 'bool',
      parse: bool,
      risk: 'Low',
      scope: 'backend',
      doc: 'Marks the cookie Secure also without TLS; over TLS it always is.',
    },
    'session-cookie-change-on-failure': {
      type: 'bool',
      default: 'false',
      parse: bool,
      risk: 'Low',
      scope: 'backend',
      doc: 'Moves the session when its endpoint fails; otherwise the same one is tried again.',
    },
  },
  route({ affinity }, draft) {
    draft.policy.issuesSession = affinity !== null;
  },
  backend(values, draft, { isCanary }) {
    if (values.affinity === null || isCanary) return;
    draft.sessionCookie = {
      name: values['session-cookie-name'] ?? COOKIE_NAME,
      expires: values['session-cookie-expires'],
      maxAge: values['session-cookie-max-age'],
      domain: values['session-cookie-domain'] || null,
      path: values['session-cookie-path'] || null,
      secure: values['session-cookie-secure'] ?? false,
      sameSite: values['session-cookie-samesite'],
      conditionalNone: values['session-cookie-conditional-samesite-none'] ?? false,
      changeOnFailure: values['session-cookie-change-on-failure'] ?? false,
    };
  },
});
