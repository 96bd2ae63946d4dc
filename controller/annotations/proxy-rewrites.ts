// What is replaced in headers of backend responses: Location and Refresh, Domain and Path of cookies. The texts are data, in
// variables; the profile only says that there are some.
import { annotation } from '../feature/contract.ts';
import { cookieDomain, cookiePath, locationText } from '../feature/parse.ts';
import { word } from '../render/literal.ts';

export default annotation({
  name: 'proxy-rewrites',
  keys: {
    'proxy-redirect-from': {
      type: 'string',
      default: 'off',
      config: 'proxy-redirect-from',
      parse: locationText,
      risk: 'Medium',
      doc: 'Start of Location and Refresh headers that is replaced by proxy-redirect-to.',
    },
    'proxy-redirect-to': {
      type: 'string',
      default: 'off',
      config: 'proxy-redirect-to',
      parse: locationText,
      risk: 'Medium',
      doc: 'What takes the place of proxy-redirect-from.',
    },
    'proxy-cookie-domain': {
      type: 'string',
      default: 'off',
      config: 'proxy-cookie-domain',
      parse: cookieDomain,
      risk: 'Medium',
      doc: 'Replaces the first by the second in the Domain of cookies that backends set.',
    },
    'proxy-cookie-path': {
      type: 'string',
      default: 'off',
      config: 'proxy-cookie-path',
      parse: cookiePath,
      risk: 'Medium',
      doc: 'Replaces the first by the second in the Path of cookies that backends set.',
    },
  },
  route(values, draft, { settings }) {
    const from = values['proxy-redirect-from'] ?? settings.proxyRedirectFrom;
    const to = values['proxy-redirect-to'] ?? settings.proxyRedirectTo;
    // "default" maps the name of our own upstream, which no backend sends.
    if (!['off', 'default', ''].includes(from) && !['off', ''].includes(to)) {
      draft.policy.redirects = { from, to };
      draft.directives.set('proxy_redirect', word('$sluice_redirect_from'), word('$sluice_redirect_to'));
    }
    const domain = values['proxy-cookie-domain'] ?? settings.proxyCookieDomain;
    if (domain !== 'off') {
      draft.policy.cookieDomain = { from: domain[0], to: domain[1] };
      draft.directives.set('proxy_cookie_domain', word('$sluice_cookie_domain_from'), word('$sluice_cookie_domain_to'));
    }
    const path = values['proxy-cookie-path'] ?? settings.proxyCookiePath;
    if (path !== 'off') {
      draft.policy.cookiePath = { from: path[0], to: path[1] };
      draft.directives.set('proxy_cookie_path', word('$sluice_cookie_path_from'), word('$sluice_cookie_path_to'));
    }
  },
});
