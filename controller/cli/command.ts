// What a sub-command is. The table of them (commands.ts) is all that help, completion, docs/cli.md and main.ts know; what a
// command does is loaded when it runs.
import type { Logger } from 'pino';
import type { FLAGS, FlagValues } from '../flags.ts';
import type { Options, ValuesOf } from './option.ts';
import type { Streams } from './streams.ts';

export type FlagName = keyof typeof FLAGS;

/** Flags that say where the objects are. */
export const SOURCE_FLAGS: readonly FlagName[] = ['manifests', 'kubeconfig', 'apiserver-host', 'certificate-authority'];

/** Flags that say which objects are served, and how. */
export const SELECTION_FLAGS: readonly FlagName[] = [
  'configmap',
  'ingress-class',
  'controller-class',
  'watch-ingress-without-class',
  'watch-namespace',
  'default-backend-service',
  'annotations-prefix',
];

interface Described {
  readonly name: string;
  /** One line, without a full stop. */
  readonly about: string;
  /** What may stand behind "sluice NAME", one line each. */
  readonly usage: readonly string[];
  /** Paragraphs below the usage. */
  readonly details: string;
  /** How many words it takes at most. */
  readonly maxWords: number;
  /** Closed set of the words that it takes, for completion; empty where they are free or none. */
  readonly words: readonly string[];
  /** The flags of the controller that matter here; the others are accepted too, unless this is empty. */
  readonly flags: readonly FlagName[];
}

/** Does one thing and ends. */
export interface Tool extends Described {
  readonly kind: 'tool';
  readonly options: Options;
  /** The exit status (exit.ts). Throws UsageError, CommandError, and what main.ts knows to be expected. */
  run(invocation: Invocation<Options>): Promise<number>;
}

/** Runs until a signal ends it, and logs. `stop` asks for a graceful end, `force` for one at once. */
export type Program = (flags: FlagValues, log: Logger, stop: AbortSignal, force: AbortSignal) => Promise<void>;

export interface Service extends Described {
  readonly kind: 'service';
  readonly options: Options;
  load(): Promise<Program>;
}

export type Command = Tool | Service;

export interface Invocation<O extends Options> {
  /** Words behind the command's name. */
  readonly words: readonly string[];
  readonly options: ValuesOf<O>;
  readonly flags: FlagValues;
  readonly streams: Streams;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}

/** Keeps the types of the options between their table and run(). */
export function tool<O extends Options>(
  description: Omit<Tool, 'kind' | 'options' | 'run'> & {
    readonly options: O;
    run(invocation: Invocation<O>): Promise<number>;
  },
): Tool {
  return { kind: 'tool', ...description };
}

export function service(description: Omit<Service, 'kind' | 'options'>): Service {
  return { kind: 'service', options: {}, ...description };
}
