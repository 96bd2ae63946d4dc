// The first contact with the API server: tried for a while, then given up with a message that says what to do.
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from './api-error.ts';
import type { ApiClient } from './client.ts';

export interface Attempts {
  readonly count: number;
  readonly pauseMs: number;
  /** Each pause is so many times the one before. */
  readonly factor: number;
  readonly idleMs: number;
}

/** As ingress-nginx does (docs/spec/flags.yaml, startup). */
export const ATTEMPTS: Attempts = { count: 10, pauseMs: 1000, factor: 1.5, idleMs: 10_000 };

/** discovery.k8s.io/v1 came with 1.21. */
const OLDEST_MINOR = 21;

/** The API server cannot be used; the message says what to do. */
export class ApiUnavailable extends Error {
  override readonly name = 'ApiUnavailable';
  readonly code = 'api-unavailable';
}

export interface Failed {
  readonly attempt: number;
  readonly pauseMs: number;
  readonly error: ApiError;
}

/** The version of the server ("v1.34.1", '' when it does not say). Rejects with ApiUnavailable, or the signal's reason. */
export async function reachApi(
  client: ApiClient,
  attempts: Attempts,
  onFailed: (failed: Failed) => void,
  signal: AbortSignal,
): Promise<string> {
  let pauseMs = attempts.pauseMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return accept(client, await client.json('/version', { signal, idleMs: attempts.idleMs }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 403 || error.status === 404) return ''; // it is there, and may answer other questions
      if (attempt === attempts.count) throw new ApiUnavailable(textOf(client, attempts, error), { cause: error });
      onFailed({ attempt, pauseMs, error });
      await delay(pauseMs, undefined, { signal });
      pauseMs *= attempts.factor;
    }
  }
}

function accept(client: ApiClient, answer: unknown): string {
  const { major, minor, gitVersion } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  // Some vendors write "21+".
  if (major === '1' && Number.parseInt(String(minor), 10) < OLDEST_MINOR) {
    throw new ApiUnavailable(
      `the API server ${client.server} is Kubernetes ${String(gitVersion)}, and Sluice needs 1.${OLDEST_MINOR} or newer`,
    );
  }
  return typeof gitVersion === 'string' ? gitVersion : '';
}

function textOf(client: ApiClient, { count }: Attempts, error: ApiError): string {
  return `the API server ${client.server} did not answer in ${count} attempts: ${error.message}; ${adviceFor(error)}`;
}

function adviceFor({ code, status }: ApiError): string {
  if (status === 401)
    return 'its credentials are refused: renew the token or certificate of the kubeconfig or ServiceAccount';
  if (code === 'credentials') return 'mend the credentials of the kubeconfig';
  if (/CERT|SELF_SIGNED|TLS|SSL|ISSUER|SIGNATURE/.test(code)) {
    return 'name the authority that signed its certificate: in the kubeconfig, or with --certificate-authority';
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the name is unknown: check the address and the DNS';
  return 'check the address (--kubeconfig, --apiserver-host), the network policies and whether the server runs';
}
