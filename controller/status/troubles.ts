// What keeps a replica from its duties: a Problem where somebody has to grant or mend something, a line in the log where the
// API server is only away for a while.
import type { Logger } from 'pino';
import type { ApiError } from '../kube/api-error.ts';
import type { Problem } from '../model/types.ts';

export type Duty = 'lease' | 'status' | 'events';

const ABOUT: { readonly [D in Duty]: { readonly resource: string; readonly what: string; readonly grant: string } } = {
  lease: {
    resource: 'leases.coordination.k8s.io',
    what: 'no leader can be elected, and without one nobody writes the status of Ingresses',
    grant: 'grant get, create, update, list and watch',
  },
  status: {
    resource: 'ingresses.networking.k8s.io/status',
    what: 'the status of Ingresses is not written',
    grant: 'grant patch (or get of ingresses and update)',
  },
  events: { resource: 'events', what: 'no Events are sent', grant: 'grant create and patch' },
};

export class Troubles {
  readonly #log: Logger;
  readonly #onChange: () => void;
  readonly #errors = new Map<Duty, ApiError>();
  #address: Problem | null = null;

  constructor(log: Logger, onChange: () => void) {
    this.#log = log;
    this.#onChange = onChange;
  }

  problems(): Problem[] {
    const refused = [...this.#errors].filter(([, { status }]) => isRefusal(status));
    return [
      ...refused.map(([duty, error]) => problemOf(duty, error)),
      ...(this.#address === null ? [] : [this.#address]),
    ];
  }

  /** null: the duty can be done (again). */
  report(duty: Duty, error: ApiError | null): void {
    const before = this.#errors.get(duty) ?? null;
    if (before?.message === error?.message) return;
    if (error === null) this.#errors.delete(duty);
    else this.#errors.set(duty, error);
    if (isRefusal(before?.status ?? null) || isRefusal(error?.status ?? null)) this.#onChange();
    if (error !== null && !isRefusal(error.status)) this.#log.warn(`${error.message}; it is tried again (${duty})`);
    if (error === null && !isRefusal(before?.status ?? null))
      this.#log.info(`${before?.path} can be asked again (${duty})`);
  }

  addressMissing(source: string, why: string): void {
    this.#say({
      object: { kind: 'Status', namespace: '', name: 'ingresses' },
      severity: 'warning',
      code: 'address-unknown',
      message: `${source} ${why}; the status of Ingresses stays as it is`,
    });
  }

  addressFound(): void {
    this.#say(null);
  }

  #say(problem: Problem | null): void {
    if (this.#address?.message === problem?.message) return;
    this.#address = problem;
    this.#onChange();
  }
}

/** What does not pass by itself. */
function isRefusal(status: number | null): boolean {
  return status !== null && status >= 400 && status < 500 && status !== 429;
}

function problemOf(duty: Duty, error: ApiError): Problem {
  const { resource, what, grant } = ABOUT[duty];
  const advice = error.status === 403 || error.status === 401 ? `; ${grant}` : '';
  return {
    object: { kind: 'ApiResource', namespace: '', name: resource },
    severity: 'error',
    code: 'write-refused',
    message: `${error.reason}; ${what}${advice}`,
  };
}
