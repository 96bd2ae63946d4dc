// An API server's side of a webhook: sends reviews over TLS and reads what comes back.
import { request } from 'node:https';
import { reviewOf } from './admission.ts';

export interface WebhookAnswer {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code: number; readonly message: string };
  readonly warnings?: readonly string[];
}

export interface WebhookClient {
  readonly port: number;
  /** PEM, the caBundle. */
  readonly authority: string;
}

/** The HTTP status and body of a POST. Rejects where there is no connection. */
export function postReview(
  { port, authority }: WebhookClient,
  body: string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        host: '127.0.0.1',
        port,
        ca: authority,
        servername: 'localhost',
        method: 'POST',
        path: '/networking/v1/ingresses?timeout=10s',
        agent: false,
        headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      },
    );
    asking.on('error', reject);
    asking.end(body);
  });
}

/** The response to the review of an object; another status than 200 is an Error. */
export async function askWebhook(client: WebhookClient, object: object, fields: object = {}): Promise<WebhookAnswer> {
  const { status, text } = await postReview(client, JSON.stringify(reviewOf(object, fields)));
  if (status !== 200) throw new Error(`the webhook answers ${status}: ${text}`);
  return (JSON.parse(text) as { response: WebhookAnswer }).response;
}
