// TLS towards backends that speak HTTPS: whom to trust, whom to name, what to present. What differs in these is a profile of
// its own with connections of its own (render/upstream.ts).
import { authorityOf } from '../feature/authority.ts';
import { cipherList } from '../feature/ciphers.ts';
import { annotation } from '../feature/contract.ts';
import type { BackendTls, RouteDraft } from '../feature/draft.ts';
import { readKeyPair } from '../feature/key-pair.ts';
import { accepted, intBetween, oneOf, type Parser, refused, textOf } from '../feature/parse.ts';
import type { References } from '../feature/reference.ts';
import { constantOf, type Template, templateOf } from '../feature/template.ts';
import { configFile, fileToken } from '../render/file.ts';
import { integer, onOff, quoted, word } from '../render/literal.ts';

const onOrOff = oneOf('on', 'off');

/** Another word for "off" is off, as before; anything else may have meant "on", so its paths are closed rather than unverified. */
const verification: Parser<'on' | 'off'> = (text) => {
  const parsed = onOrOff(text);
  if (parsed.ok || /^(off|false|no|0)$/i.test(text.trim())) return parsed;
  return refused(parsed.accepts, 'deny-location');
};
const secretName = textOf(/[A-Za-z0-9._~/: -]/, '"namespace/name"');
const backendName = templateOf(/[A-Za-z0-9._~/:-]/, 'letters, digits and - . _ ~ / :');

const VERSIONS = ['TLSv1.2', 'TLSv1.3'];

const protocols: Parser<readonly string[]> = (text) => {
  const words = text.trim().split(/\s+/);
  return words.every((version) => VERSIONS.includes(version))
    ? accepted(VERSIONS.filter((version) => words.includes(version)))
    : refused('TLSv1.2 and TLSv1.3, with a blank between them');
};

/** What nginx verifies and sends when nothing is said: the name of the old controller's upstream block, which fits nobody. */
const NO_NAME = 'upstream_balancer';

interface Values {
  readonly 'proxy-ssl-secret': string | null;
  readonly 'proxy-ssl-verify': 'on' | 'off' | null;
  readonly 'proxy-ssl-verify-depth': number | null;
  readonly 'proxy-ssl-name': Template | null;
  readonly 'proxy-ssl-server-name': 'on' | 'off' | null;
  readonly 'proxy-ssl-ciphers': string | null;
  readonly 'proxy-ssl-protocols': readonly string[] | null;
}

export default annotation({
  name: 'proxy-ssl',
  master: 'proxy-ssl-secret',
  keys: {
    'proxy-ssl-secret': {
      type: 'secret-ref',
      parse: secretName,
      risk: 'Medium',
      invalid: 'reject-ingress',
      doc: 'Secret ("namespace/name") with the CA of HTTPS backends (ca.crt), and the certificate and key that they are shown. Unless ConfigMap proxy-ssl-location-only, it holds for the other paths of the host too.',
    },
    'proxy-ssl-verify': {
      type: 'enum[on,off]',
      default: 'off',
      parse: verification,
      risk: 'Low',
      doc: 'Verifies the certificates of backends against the CA, and their name against proxy-ssl-name; 502 when it fails.',
    },
    'proxy-ssl-verify-depth': {
      type: 'int',
      default: '1',
      parse: intBetween(0, 100),
      risk: 'Low',
      doc: 'Longest chain between a backend’s certificate and the CA; 0 means 1.',
    },
    'proxy-ssl-name': {
      type: 'string',
      parse: backendName,
      risk: 'High',
      doc: 'The name that is verified, and sent as SNI with proxy-ssl-server-name. With variables in it no connection is kept.',
    },
    'proxy-ssl-server-name': {
      type: 'enum[on,off]',
      default: 'off',
      parse: onOrOff,
      risk: 'Low',
      doc: 'Sends the name as SNI.',
    },
    'proxy-ssl-ciphers': {
      type: 'string',
      default: 'DEFAULT',
      parse: cipherList('no-tokens'),
      risk: 'Medium',
      doc: 'Ciphers towards backends, for TLS 1.2 and below.',
    },
    'proxy-ssl-protocols': {
      type: 'string',
      default: 'TLSv1.2',
      parse: protocols,
      risk: 'Low',
      doc: 'TLS versions towards backends.',
    },
  },
  host(values, draft, { references, settings }) {
    if (settings.proxySslLocationOnly || draft.backendTls !== null) return;
    const tls = read(values, references);
    // What is wrong with it is said where its own paths are closed.
    if (tls === null || typeof tls === 'string' || tls.trust === null) return;
    draft.backendTls = { ...tls, sendsName: tls.sendsName && tls.name !== null };
  },
  route(values, draft, { references, hostBackendTls, report }) {
    const tls = read(values, references) ?? hostBackendTls;
    if (tls === null) return;
    if (typeof tls === 'string') {
      report('proxy-ssl-secret', `${tls}; its paths answer 503 until it is mended`);
      draft.deny ??= `annotation proxy-ssl-secret: ${tls}`;
    } else apply(tls, draft);
  },
});

/** null without the annotations, a text when their Secret cannot be used. */
function read(values: Values, references: References): BackendTls | string | null {
  const reference = values['proxy-ssl-secret'];
  if (reference === null) return null;
  const found = references.secret(reference, 'full');
  if (found.kind !== 'found') return found.why;
  const { data } = found.object;
  const hasPair = data.has('tls.crt') || data.has('tls.key');
  const pair = hasPair ? readKeyPair(found.object) : null;
  if (pair?.kind === 'unusable') return `Secret ${reference} ${pair.reason}`;
  const verify = values['proxy-ssl-verify'] === 'on';
  const named = { name: values['proxy-ssl-name'], sendsName: values['proxy-ssl-server-name'] === 'on' };
  // A pair without a CA is of no use, as before; to verify without one is impossible.
  if (hasPair && !data.has('ca.crt') && !verify) return { ...named, trust: null };
  const authority = authorityOf(found.object);
  if (authority.kind === 'unusable') return authority.why;
  return {
    ...named,
    trust: {
      ca: authority.certificates,
      verify,
      depth: values['proxy-ssl-verify-depth'] || 1,
      ciphers: values['proxy-ssl-ciphers'] ?? 'DEFAULT',
      protocols: values['proxy-ssl-protocols'] ?? ['TLSv1.2'],
      pair: pair?.certificate ?? null,
    },
  };
}

function apply({ name, sendsName, trust }: BackendTls, draft: RouteDraft): void {
  const { directives } = draft;
  let pool: 'kept' | 'none' = 'kept';
  let variable: Template | null = null;
  if (sendsName || trust?.verify) {
    const constant = name === null ? NO_NAME : constantOf(name);
    if (constant !== null && /^[A-Za-z0-9._-]{1,253}$/.test(constant)) {
      directives.set('proxy_ssl_name', quoted(constant));
    } else {
      // A kept connection, or session, was made under one name; the next request may be for another.
      [pool, variable] = ['none', name];
      directives.set('proxy_ssl_name', word('$sluice_backend_name'));
      directives.set('proxy_ssl_session_reuse', onOff(false));
    }
  }
  if (sendsName) directives.set('proxy_ssl_server_name', onOff(true));
  if (trust !== null) {
    const ca = configFile(trust.ca);
    directives.needsFile(ca);
    directives.set('proxy_ssl_trusted_certificate', fileToken(ca));
    directives.set('proxy_ssl_verify', onOff(trust.verify));
    directives.set('proxy_ssl_verify_depth', integer(trust.depth));
    directives.set('proxy_ssl_ciphers', quoted(trust.ciphers));
    directives.set('proxy_ssl_protocols', ...trust.protocols.map(word));
    if (trust.pair !== null) {
      directives.set('proxy_ssl_certificate', word('$sluice_backend_certificate'));
      directives.set('proxy_ssl_certificate_key', word('$sluice_backend_key'));
    }
  }
  draft.backendTls = { pool, pair: trust?.pair ?? null };
  const certificate = trust?.pair?.fingerprint ?? null;
  if (certificate !== null || variable !== null) draft.policy.backendTls = { certificate, name: variable };
}
