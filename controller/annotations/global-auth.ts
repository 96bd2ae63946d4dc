// The external authentication of the ConfigMap: for paths whose Ingress names no service of its own (GLOB-08).
import { ask } from '../feature/auth-values.ts';
import { annotation } from '../feature/contract.ts';
import { bool } from '../feature/parse.ts';

export default annotation({
  name: 'global-auth',
  keys: {
    'enable-global-auth': {
      type: 'bool',
      default: 'true',
      parse: bool,
      risk: 'Low',
      doc: '"false" leaves the Ingress out of the external authentication of the ConfigMap.',
    },
  },
  // After external-auth, which has the first word.
  route({ 'enable-global-auth': enabled }, draft, { settings, path, ingress }) {
    const {
      globalAuthUrl: url,
      globalAuthMethod: method,
      globalAuthResponseHeaders: responseHeaders,
      globalAuthRequestRedirect: redirect,
      globalAuthCacheDuration: durations,
    } = settings;
    if (url === null || enabled === false || ingress === null || draft.auth !== null || draft.deny !== null) return;
    if (
      url === 'refused' ||
      method === 'refused' ||
      responseHeaders === 'refused' ||
      redirect === 'refused' ||
      durations === 'refused'
    ) {
      draft.deny = 'global-auth-* of the controller ConfigMap is not accepted';
      return;
    }
    if (settings.noAuthLocations.some((prefix) => path.startsWith(prefix))) {
      draft.policy.clearedHeaders ??= responseHeaders;
      return;
    }
    ask(
      draft,
      [],
      {
        url,
        method,
        signin: settings.globalAuthSignin,
        signinParameter: settings.globalAuthSigninRedirectParam,
        responseHeaders: responseHeaders ?? [],
        headerValues: [],
        redirect,
        cacheKey: settings.globalAuthCacheKey,
        durations,
        alwaysSetCookie: settings.globalAuthAlwaysSetCookie,
      },
      { snippet: null, askedBy: 'settings' },
    );
  },
});
