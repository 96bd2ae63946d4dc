// Redirects from HTTP to HTTPS (TLS-07 to TLS-09).
import { annotation } from '../feature/contract.ts';
import { bool } from '../feature/parse.ts';

export default annotation({
  name: 'tls-redirect',
  keys: {
    'ssl-redirect': {
      type: 'bool',
      default: 'true',
      config: 'ssl-redirect',
      parse: bool,
      risk: 'Low',
      doc: 'Redirects HTTP to HTTPS when the host has TLS.',
    },
    'force-ssl-redirect': {
      type: 'bool',
      default: 'false',
      config: 'force-ssl-redirect',
      parse: bool,
      risk: 'Medium',
      doc: 'Redirects HTTP to HTTPS even when the host has no TLS.',
    },
    'preserve-trailing-slash': {
      type: 'bool',
      default: 'false',
      config: 'preserve-trailing-slash',
      parse: bool,
      risk: 'Medium',
      doc: 'Keeps the final "/" of the URI in that redirect.',
    },
    'use-port-in-redirects': {
      type: 'bool',
      default: 'false',
      config: 'use-port-in-redirects',
      parse: bool,
      risk: 'Low',
      doc: 'Puts the port into that redirect, and into redirects to a path of the same host.',
    },
  },
  route(values, draft, { settings, path, origin, tlsConfigured }) {
    if (origin === 'catch-all') return; // DEF-02
    const redirect = values['ssl-redirect'] ?? settings.sslRedirect;
    const force = values['force-ssl-redirect'] ?? settings.forceSslRedirect;
    const exempt = settings.noTlsRedirectLocations.some((prefix) => path.startsWith(prefix));
    draft.policy.forceTls = force && !exempt;
    draft.policy.redirectToTls = (force || (redirect && tlsConfigured)) && !exempt;
    draft.policy.portInRedirects = values['use-port-in-redirects'] ?? settings.usePortInRedirects;
    draft.policy.preserveTrailingSlash = values['preserve-trailing-slash'] ?? draft.policy.preserveTrailingSlash;
  },
});
