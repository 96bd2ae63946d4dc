// What controller and supervisor say to each other: HTTP over a unix socket, JSON of these shapes. Each side checks what the
// other one sends. Nothing in it is a path or an option of a command that the supervisor runs.
import { isIP } from 'node:net';
import { z } from 'zod';

export const SECRET_HEADER = 'sluice-secret';
/** On /v1/events: seconds that the controller waits when it ends, before it says "leave". */
export const GRACE_HEADER = 'sluice-grace';
export const MAX_REQUEST_BYTES = 65_536;
export const MAX_ANSWER_BYTES = 1_048_576;
/** Of the words of nginx. */
export const MAX_OUTPUT_CHARACTERS = 65_536;
/** An event at least this often, so that a side that hangs is noticed. */
export const HEARTBEAT_MS = 5000;
export const SILENCE_MS = 3 * HEARTBEAT_MS;

const pid = z.int().min(2).max(4_194_304); // proc(5): the largest pid_max
const text = z.string().max(4096);

export const hostAnswer = z.object({
  binary: z.object({
    path: text,
    version: text,
    abilities: z.object({
      modules: z.array(text).max(16).readonly(),
      http2Directive: z.boolean(),
      keepaliveMinTimeout: z.boolean(),
      headersMore: z.boolean(),
      luaPath: text,
      luaCpath: text,
    }),
  }),
  surroundings: z.object({
    tempDir: text,
    listenIpv6: z.boolean(),
    accessLog: text.nullable(),
    openFiles: z.int().min(1),
    cores: z.int().min(1).max(4096),
  }),
});
export type HostAnswer = z.infer<typeof hostAnswer>;

export const stateAnswer = z.object({ pid: pid.nullable() });
export const doneAnswer = z.object({});

export const testAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('accepted') }),
  z.object({ outcome: z.literal('refused'), output: z.string().max(MAX_OUTPUT_CHARACTERS) }),
]);

export const startRequest = z.object({
  listens: z
    .array(z.object({ address: z.string().refine((address) => isIP(address) !== 0), port: z.int().min(1).max(65_535) }))
    .max(256),
});
export const startAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('started'), pid }),
  z.object({ outcome: z.literal('port-taken'), message: text }),
]);

export const aliveRequest = z.object({ pids: z.array(pid).max(4096) });
export const aliveAnswer = z.object({ pids: z.array(pid).max(4096) });

export const graceRequest = z.object({ graceMs: z.int().min(0).max(86_400_000) });
export const leaveAnswer = z.object({ outcome: z.enum(['quitting', 'kept']) });

export const event = z.discriminatedUnion('kind', [
  /** The first one of a connection. */
  z.object({ kind: z.literal('state'), pid: pid.nullable(), isLeaving: z.boolean() }),
  z.object({ kind: z.literal('ended'), pid }),
  /** The supervisor was asked to end; it waits for "leave". */
  z.object({ kind: z.literal('leaving') }),
  z.object({ kind: z.literal('heartbeat') }),
]);
export type SupervisorEvent = z.infer<typeof event>;
