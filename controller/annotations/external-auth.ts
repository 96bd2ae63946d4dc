// External authentication: a service is asked about each request before it is served (GLOB-08 for the one of the ConfigMap).
import {
  ask,
  authMethod,
  authUrl,
  cacheDurations,
  cacheKey,
  headerNames,
  isClientChosen,
  isHeaderName,
  isSharedKey,
  redirectParameter,
  requestRedirect,
  signinUrl,
} from '../feature/auth-values.ts';
import { annotation } from '../feature/contract.ts';
import type { RouteContext } from '../feature/draft.ts';
import { bool, intBetween, textOf } from '../feature/parse.ts';
import { snippet } from '../feature/snippet.ts';
import { type Template, templateOf } from '../feature/template.ts';

const integer = intBetween(-2_147_483_648, 2_147_483_647);

export default annotation({
  name: 'external-auth',
  master: 'auth-url',
  keys: {
    'auth-url': {
      type: 'url',
      parse: authUrl,
      invalid: 'reject-ingress',
      risk: 'High',
      doc: 'Asks this URL about each request: 2xx lets it in, 401 and 403 are answered to the client.',
    },
    'auth-method': {
      type: 'enum[GET,HEAD,POST,PUT,PATCH,DELETE,CONNECT,OPTIONS,TRACE]',
      default: 'GET',
      parse: authMethod,
      invalid: 'deny-location',
      risk: 'Low',
      doc: 'Method of that question; naming one adds X-Original-URI and X-Scheme to it.',
    },
    'auth-signin': {
      type: 'url',
      parse: signinUrl,
      risk: 'High',
      doc: 'Where a 401 leads (302), with the URL of the request in its query.',
    },
    'auth-signin-redirect-param': {
      type: 'string',
      default: 'rd',
      parse: redirectParameter,
      risk: 'Medium',
      doc: 'Name of that query parameter.',
    },
    'auth-response-headers': {
      type: 'csv',
      parse: headerNames,
      invalid: 'deny-location',
      risk: 'Medium',
      doc: "Headers of the answer that the backend gets, in place of the client's.",
    },
    'auth-proxy-set-headers': {
      type: 'configmap-ref',
      parse: textOf(/[A-Za-z0-9._~/: -]/, '"namespace/name"'),
      risk: 'Medium',
      doc: 'A ConfigMap whose entries are headers of the question.',
    },
    'auth-request-redirect': {
      type: 'string',
      default: '$request_uri',
      parse: requestRedirect,
      invalid: 'deny-location',
      risk: 'Medium',
      doc: 'Value of X-Auth-Request-Redirect in the question.',
    },
    'auth-cache-key': {
      type: 'string',
      parse: cacheKey,
      risk: 'Medium',
      doc: 'Remembers answers under this value; without it none are.',
    },
    'auth-cache-duration': {
      type: 'string',
      default: '200 202 401 5m',
      parse: cacheDurations,
      invalid: 'deny-location',
      risk: 'Medium',
      doc: 'For how long, by status.',
    },
    'auth-keepalive': {
      type: 'int',
      default: '0',
      parse: integer,
      risk: 'Low',
      doc: 'Accepted without effect: connections to http services whose answers have no body are kept by themselves.',
    },
    'auth-keepalive-share-vars': {
      type: 'bool',
      default: 'false',
      parse: bool,
      risk: 'Low',
      doc: 'Accepted without effect: request and question always share their variables.',
    },
    'auth-keepalive-requests': {
      type: 'int',
      default: '1000',
      parse: integer,
      risk: 'Low',
      doc: 'Accepted without effect, as auth-keepalive.',
    },
    'auth-keepalive-timeout': {
      type: 'duration-seconds',
      default: '60',
      parse: integer,
      risk: 'Low',
      doc: 'Accepted without effect, as auth-keepalive.',
    },
    'auth-always-set-cookie': {
      type: 'bool',
      default: 'false',
      parse: bool,
      invalid: 'deny-location',
      risk: 'Low',
      doc: 'Adds the Set-Cookie of the answer to responses of every status, not only to good ones.',
    },
    'auth-snippet': {
      type: 'snippet',
      parse: snippet('auth'),
      invalid: 'reject-ingress',
      risk: 'Critical',
      doc: 'Configuration inside the location that asks the service.',
    },
  },
  route(values, draft, context) {
    const url = values['auth-url'];
    if (url === null || draft.deny !== null) return;
    const responseHeaders = values['auth-response-headers'] ?? [];
    if (context.settings.noAuthLocations.some((prefix) => context.path.startsWith(prefix))) {
      // Nobody is asked here, so nobody vouches for these headers.
      draft.policy.clearedHeaders = responseHeaders.length === 0 ? null : responseHeaders;
      return;
    }
    const reference = values['auth-proxy-set-headers'];
    const headers = reference === null ? [] : headersOf(reference, context);
    if (headers === null) {
      draft.deny = 'the headers of auth-proxy-set-headers are not there';
      return;
    }
    if (isClientChosen(url.host, context.host)) {
      context.report('auth-url', 'its host is what clients say, who can name a service that lets them in');
    }
    const key = values['auth-cache-key'];
    if (key !== null && isSharedKey(key)) {
      context.report('auth-cache-key', 'it is the same for everybody, so one answer lets in or keeps out all');
    }
    ask(
      draft,
      headers,
      {
        url,
        method: values['auth-method'],
        signin: values['auth-signin'],
        signinParameter: values['auth-signin-redirect-param'],
        responseHeaders,
        headerValues: headers.map(([, value]) => value),
        redirect: values['auth-request-redirect'],
        cacheKey: key,
        durations: values['auth-cache-duration'],
        alwaysSetCookie: values['auth-always-set-cookie'] ?? false,
      },
      { snippet: values['auth-snippet'], askedBy: 'ingress' },
    );
  },
});

const headerValue = templateOf(/[ -#%-~\u0080-\uffff]/, 'text without control characters');

/** The ConfigMap is read through the View: a change of it is live (PARSE-09). Sorted by name; null when it is not usable. */
function headersOf(name: string, { references, report }: RouteContext): [string, Template][] | null {
  const closed = (why: string): null => {
    report('auth-proxy-set-headers', `${why}; its paths answer 503`);
    return null;
  };
  const found = references.configMap(name, 'name-or-full');
  if (found.kind !== 'found') return closed(found.why);
  const headers: [string, Template][] = [];
  for (const [header, text] of [...found.object.data].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const value = headerValue(text);
    if (!isHeaderName(header)) return closed(`${JSON.stringify(header)} is not the name of a header`);
    if (!value.ok) return closed(`header ${header} is not accepted (${value.accepts})`);
    headers.push([header, value.value]);
  }
  return headers;
}
