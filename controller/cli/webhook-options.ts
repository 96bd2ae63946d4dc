// The options of `sluice webhook-cert`; the table of commands reads them without the API client behind it.
import { oneOf, text } from './option.ts';

export const WEBHOOK_CERT_OPTIONS = {
  namespace: text('NS', 'Namespace of the Secret.'),
  secret: text('NAME', 'The Secret with the certificate.'),
  hosts: text('NAME[,NAME…]', 'create: names of the Service that the certificate is for.'),
  webhook: text('NAME', 'patch: the ValidatingWebhookConfiguration.'),
  'failure-policy': oneOf(['Fail', 'Ignore'], 'patch: the failure policy.'),
};
