// A copy of every request for somebody else, whose answer nobody sees. That there is one is a directive; where it goes is data
// (lua/policy/mirror.lua), parsed here and put together again there (R18).
import { annotation } from '../feature/contract.ts';
import { accepted, oneOf, type Parser, refused } from '../feature/parse.ts';
import { constantStart, type Template, templateOf } from '../feature/template.ts';
import { onOff, word } from '../render/literal.ts';

interface MirrorTarget {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly uri: Template;
  readonly query: 'kept' | 'own';
}

const ACCEPTS = 'an http or https URL with a fixed host; nginx variables only after it';
const url = templateOf(/[A-Za-z0-9._~/:^[\](){}*+?|&=\\-]/, ACCEPTS);

/** Variables that begin with "/", and so end the host in front of them. */
const PATHS = new Set(['request_uri', 'uri']);

const target: Parser<MirrorTarget> = (text) => {
  const parsed = url(text);
  if (!parsed.ok) return parsed;
  const [, ...others] = parsed.value;
  const [, scheme, authority = '', rest = ''] = /^(https?):\/\/([^/?]+)(.*)$/.exec(constantStart(parsed.value)) ?? [];
  const next = others[0];
  const isWhole =
    rest !== '' || next === undefined || (typeof next === 'object' && 'variable' in next && PATHS.has(next.variable));
  const origin = URL.parse(`${scheme}://${authority}/`);
  if ((scheme !== 'http' && scheme !== 'https') || !isWhole || origin === null || !isHost(origin))
    return refused(ACCEPTS);
  if (/(^|\/)\.\.?($|[/?])/.test(rest)) return refused(`${ACCEPTS}; without . and .. in its path`);
  return accepted({
    scheme,
    host: origin.hostname.replace(/^\[|\]$/g, ''),
    port: origin.port === '' ? { http: 80, https: 443 }[scheme] : Number(origin.port),
    uri: [rest.startsWith('?') ? `/${rest}` : rest, ...others].filter((part) => part !== ''),
    query: others.length === 0 ? 'kept' : 'own',
  });
};

function isHost({ hostname, username, password, port }: URL): boolean {
  const isName = /^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)$/.test(hostname) && !hostname.includes('..');
  return isName && hostname.length <= 253 && hostname !== 'unix' && username === '' && password === '' && port !== '0';
}

const host = templateOf(/[A-Za-z0-9._~:[\]-]/, 'the name of a host');

export default annotation({
  name: 'mirror',
  keys: {
    'mirror-target': {
      type: 'url',
      parse: target,
      risk: 'High',
      doc: 'URL that gets a copy of every request, such as https://test.example.com$request_uri; its answer is dropped.',
    },
    'mirror-request-body': {
      type: 'enum[on,off]',
      default: 'on',
      parse: oneOf('on', 'off'),
      risk: 'Low',
      doc: 'Copies the body too, which is then read whole before the backend is contacted.',
    },
    'mirror-host': {
      type: 'string',
      parse: host,
      risk: 'High',
      doc: 'Host header of the copy; that of mirror-target by default.',
    },
  },
  route({ 'mirror-target': to, 'mirror-request-body': body, 'mirror-host': header }, draft) {
    if (to === null) return;
    const bracketed = to.host.includes(':') ? `[${to.host}]` : to.host;
    draft.policy.mirror = { ...to, hostHeader: header ?? [bracketed] };
    draft.directives.set('mirror', word(body === 'off' ? '//sluice/mirror/head' : '//sluice/mirror'));
    draft.directives.set('mirror_request_body', onOff(body !== 'off'));
  },
});
