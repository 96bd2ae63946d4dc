// The admission webhook as the program sees it: one function.
import type { Logger } from 'pino';
import { Desk, type Reviewed } from './desk.ts';
import type { State } from './judge.ts';
import { type Files, KeyPairFiles } from './key-pair.ts';
import { type Address, listenForReviews, TLS } from './server.ts';

export interface Webhook {
  readonly address: Address;
  readonly files: Files;
  readonly log: Logger;
  /** What is served at this moment; null until it is known. */
  state(): State | null;
  onReviewed(reviewed: Reviewed): void;
}

/** Serves reviews until the signal. Rejects with WebhookPortUnavailable; a certificate may come later. */
export async function serveWebhook(webhook: Webhook, signal: AbortSignal): Promise<void> {
  const { address, files, log, state } = webhook;
  const desk = new Desk({
    state,
    onReviewed: (reviewed) => {
      const { namespace, name, outcome, total } = reviewed;
      log.debug({ ms: Math.round(total * 1000) }, `review of Ingress ${namespace}/${name}: ${outcome}`);
      webhook.onReviewed(reviewed);
    },
  });
  const server = await listenForReviews(
    address,
    {
      clients: files.clientAuthority === null ? 'anybody' : 'certified',
      review: (body, ends) => desk.review(body, ends),
      onError: (error) => log.error({ err: error }, 'the admission webhook failed'),
    },
    signal,
  );
  let isServing = false;
  const paths = Object.values(files).filter((path) => path !== null);
  const following = new KeyPairFiles(files, {
    onPair: ({ cert, key, ca }) => {
      server.setSecureContext({ ...TLS, cert, key, ...(ca === null ? {} : { ca }) });
      log.info(`the admission webhook ${isServing ? 'has a new certificate' : `answers on port ${address.port}`}`);
      isServing = true;
    },
    onUnusable: (why) => {
      const text = `the certificate of the admission webhook (${paths.join(', ')}) cannot be used: ${why}`;
      if (isServing) log.error(`${text}; the one before stays in use`);
      else log.warn(`${text}; reviews fail until it can`);
    },
  });
  await following.follow(signal);
}
