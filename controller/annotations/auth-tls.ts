// Client certificates of a whole host: the server asks for them and verifies them, Lua does the rest. All values come from the
// Ingress whose Secret yields the CA, the oldest one (HOST-11).
import { authorityOf } from '../feature/authority.ts';
import { annotation } from '../feature/contract.ts';
import type { HostContext } from '../feature/draft.ts';
import { accepted, bool, intBetween, oneOf, type Parser, refused, textOf } from '../feature/parse.ts';
import { re2 } from '../feature/re2.ts';
import { configFile, fileToken } from '../render/file.ts';
import { integer, word } from '../render/literal.ts';

/** "namespace/name"; whether it names a Secret is looked up when the host is built. */
const secretName = textOf(/[A-Za-z0-9._~/: -]/, '"namespace/name"');

const verifyMode = oneOf('on', 'off', 'optional', 'optional_no_ca');

const commonName: Parser<string> = (text) => {
  const accepts = '"CN=" and a regular expression';
  if (!text.startsWith('CN=')) return refused(accepts);
  const parsed = re2(text.slice('CN='.length));
  return parsed.ok ? accepted(text) : refused(`"CN=" and ${parsed.accepts}`);
};

const NAMED_PAGE = /^@[A-Za-z0-9_-]+$/;
const PAGE = /^(?:https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?)?(?:\/[A-Za-z0-9._-]*)*$/;

const errorPage: Parser<string> = (text) =>
  text.length <= 2048 && (NAMED_PAGE.test(text) || PAGE.test(text))
    ? accepted(text)
    : refused('@name, or an http or https URL without a query, or its path alone');

export default annotation({
  name: 'auth-tls',
  master: 'auth-tls-secret',
  keys: {
    'auth-tls-secret': {
      type: 'secret-ref',
      parse: secretName,
      risk: 'Medium',
      scope: 'server',
      invalid: 'reject-ingress',
      doc: 'Secret ("namespace/name") with the CA (ca.crt) that client certificates of the host are verified against, and its revocation list (ca.crl).',
    },
    'auth-tls-verify-client': {
      type: 'enum[on,off,optional,optional_no_ca]',
      default: 'on',
      parse: verifyMode,
      risk: 'Medium',
      scope: 'server',
      doc: 'on: required; optional: verified if sent; optional_no_ca: asked for, the result only reported; off: not asked for.',
    },
    'auth-tls-verify-depth': {
      type: 'int',
      default: '1',
      parse: intBetween(0, 100),
      risk: 'Low',
      scope: 'server',
      doc: 'Longest chain between a client certificate and the CA; 0 means 1.',
    },
    'auth-tls-error-page': {
      type: 'url',
      parse: errorPage,
      risk: 'High',
      scope: 'server',
      invalid: 'reject-ingress',
      doc: 'Where clients without a good certificate are led, in place of the answer 400.',
    },
    'auth-tls-pass-certificate-to-upstream': {
      type: 'bool',
      default: 'false',
      parse: bool,
      risk: 'Low',
      scope: 'server',
      invalid: 'reject-ingress',
      doc: 'Sends the client certificate to backends (PEM, URL-encoded) in the header ssl-client-cert.',
    },
    'auth-tls-match-cn': {
      type: 'regex',
      parse: commonName,
      risk: 'High',
      scope: 'server',
      invalid: 'reject-ingress',
      doc: 'Requests whose certificate subject does not match this ("CN=" and a regular expression) get 403, those without a certificate too.',
    },
  },
  host(values, draft, context) {
    const reference = values['auth-tls-secret'];
    if (reference === null) return;
    // Whatever another Ingress says: one that wanted certificates and cannot have them closes the host.
    const close = (why: string): void => {
      context.report('auth-tls-secret', `${why}; the whole host answers 403 until it is mended`);
      draft.deny ??= `annotation auth-tls-secret: ${why}`;
    };
    if (context.host === '_') {
      return close('rules without a host share their server with all hosts that have none of their own');
    }
    const found = context.references.secret(reference, 'full');
    if (found.kind !== 'found') return close(found.why);
    const authority = authorityOf(found.object);
    if (authority.kind === 'unusable') return close(authority.why);
    if (draft.clientCertificates !== null) return;

    draft.clientCertificates = {
      pass: values['auth-tls-pass-certificate-to-upstream'] ?? false,
      subject: values['auth-tls-match-cn'],
      errorPage: pageOf(values['auth-tls-error-page'], context),
    };
    const verify = values['auth-tls-verify-client'] ?? 'on';
    if (verify === 'off') return;
    const { server } = draft;
    const ca = configFile(authority.certificates);
    server.needsFile(ca);
    server.set('ssl_client_certificate', fileToken(ca));
    server.set('ssl_verify_client', word(verify));
    server.set('ssl_verify_depth', integer(values['auth-tls-verify-depth'] || 1));
    if (authority.revoked !== null) {
      const crl = configFile(authority.revoked);
      server.needsFile(crl);
      server.set('ssl_crl', fileToken(crl));
    }
    // A session that another policy made must not be resumed here.
    server.set('ssl_session_cache', word('off'));
    server.set('ssl_session_tickets', word('off'));
    if (draft.clientCertificates.errorPage !== null) {
      // 495: a bad certificate, 496: none (ngx_http_ssl_module).
      server.set('error_page', word('495'), word('496'), word('='), word('@client_certificate'));
    }
  },
});

/** A location that a snippet defines can only be there once snippets are. */
function pageOf(page: string | null, { report }: HostContext): string | null {
  if (page === null || !page.startsWith('@')) return page;
  report('auth-tls-error-page', `${page} is a location of a snippet, which is not supported yet; the answer is 400`);
  return null;
}
