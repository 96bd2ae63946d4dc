// In a file of its own: the entry point needs it without the model behind the webhook.

/** The port of the webhook cannot be had; the message says what to do. */
export class WebhookPortUnavailable extends Error {
  override readonly name = 'WebhookPortUnavailable';
  readonly code = 'webhook-port-unavailable';
}
