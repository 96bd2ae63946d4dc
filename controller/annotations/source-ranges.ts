// Which client addresses get in.
import { type Cidr, cidrs } from '../feature/cidr.ts';
import { annotation } from '../feature/contract.ts';
import type { RouteDraft } from '../feature/draft.ts';
import type { Guarded } from '../model/config/access.ts';

export default annotation({
  name: 'source-ranges',
  keys: {
    'allowlist-source-range': {
      type: 'cidr-list',
      aliases: ['whitelist-source-range'],
      config: 'whitelist-source-range',
      parse: cidrs,
      empty: 'parsed',
      invalid: 'deny-location',
      risk: 'Medium',
      doc: 'Client addresses that get in; all others get 403.',
    },
    'denylist-source-range': {
      type: 'cidr-list',
      config: 'denylist-source-range',
      parse: cidrs,
      empty: 'parsed',
      invalid: 'deny-location',
      risk: 'Medium',
      doc: 'Client addresses that get 403, whatever the other list says.',
    },
  },
  route({ 'allowlist-source-range': allow, 'denylist-source-range': deny }, draft, { settings, ingress }) {
    if (ingress === null) return; // the built-in answers to what nobody serves
    draft.policy.allowFrom = allow ?? configured(draft, 'whitelist-source-range', settings.whitelistSourceRange);
    draft.policy.denyFrom = deny ?? configured(draft, 'denylist-source-range', settings.denylistSourceRange);
  },
});

/** A list of the ConfigMap that cannot be read keeps everybody out where it would count. */
function configured(draft: RouteDraft, key: string, value: Guarded<readonly Cidr[]>): readonly Cidr[] | null {
  if (value !== 'refused') return value;
  draft.deny ??= `${key} of the controller ConfigMap is not accepted`;
  return null;
}
