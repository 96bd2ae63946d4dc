// Exit statuses: those of sysexits(3), under their meaning.

export const EXIT = {
  ok: 0,
  /** The command worked, and what it looked at has errors. */
  findings: 1,
  /** EX_USAGE: the command line is wrong. */
  usage: 64,
  /** EX_DATAERR: what was given cannot be read as what it should be. */
  data: 65,
  /** EX_NOINPUT: a file that was named is not there. */
  noInput: 66,
  /** EX_UNAVAILABLE: nginx, the cluster, a port or the controller is not there. */
  unavailable: 69,
  /** 128 + SIGINT and + SIGTERM, as shells have it. */
  interrupted: 130,
  terminated: 143,
  /** EX_SOFTWARE: a bug. */
  software: 70,
} as const;

/** A command cannot do what it was asked for; the message says why and what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'command-failed';
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}
