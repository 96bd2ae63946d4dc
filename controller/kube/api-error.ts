// What can go wrong at the API server: an answer that is no success, or none at all.

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH';

export interface Failure {
  readonly method: Method;
  /** "http-403", a code of Node ("ECONNREFUSED"), or one of ours: "idle", "truncated", "malformed", "credentials". */
  readonly code: string;
  /** What was asked for, without the server. */
  readonly path: string;
  /** null when no answer came. */
  readonly status: number | null;
  /** How long the server wants to be left alone, milliseconds. */
  readonly retryAfterMs: number | null;
  readonly reason: string;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly path: string;
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  /** The message without what was attempted. */
  readonly reason: string;

  constructor({ method, code, path, status, retryAfterMs, reason }: Failure, options?: ErrorOptions) {
    super(`${method} ${path} failed: ${reason}`, options);
    this.code = code;
    this.path = path;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.reason = reason;
  }

  /** An answer with a status that is no success; `body` may be a metav1.Status. */
  static ofStatus(
    { method, path }: Pick<Failure, 'method' | 'path'>,
    status: number,
    body: string,
    retryAfter: string | undefined,
  ): ApiError {
    const seconds = /^[0-9]{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : null;
    return new ApiError({
      method,
      code: `http-${status}`,
      path,
      status,
      retryAfterMs: seconds === null ? null : seconds * 1000,
      reason: `${status} ${messageIn(body)}`.trim(),
    });
  }

  /** No answer, or one that broke off. */
  static ofCause({ method, path }: Pick<Failure, 'method' | 'path'>, cause: unknown): ApiError {
    if (cause instanceof ApiError) return cause;
    const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unknown';
    const reason = cause instanceof Error ? cause.message || code : String(cause);
    return new ApiError({ method, code, path, status: null, retryAfterMs: null, reason }, { cause });
  }

  static of(code: string, path: string, reason: string, method: Method = 'GET'): ApiError {
    return new ApiError({ method, code, path, status: null, retryAfterMs: null, reason });
  }
}

const MAX_MESSAGE = 300;

/** The message of a metav1.Status, else the beginning of the text. */
function messageIn(body: string): string {
  try {
    const status: unknown = JSON.parse(body);
    if (typeof status === 'object' && status !== null && 'message' in status) {
      return String(status.message).slice(0, MAX_MESSAGE);
    }
  } catch {
    // a proxy's page, perhaps
  }
  return body.replace(/\s+/g, ' ').trim().slice(0, MAX_MESSAGE);
}
