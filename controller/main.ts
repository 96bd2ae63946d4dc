// Entry point of `sluice`: arguments, signals, exit status.
import { WebhookPortUnavailable } from './admission/unavailable.ts';
import { NginxUnavailable } from './apply/binary.ts';
import { PortTaken } from './apply/listen.ts';
import type { Program } from './cli/command.ts';
import { COMMANDS } from './cli/commands.ts';
import { CommandError, EXIT } from './cli/exit.ts';
import { commandHelp, programHelp } from './cli/help.ts';
import { type Read, readArguments } from './cli/read.ts';
import { processStreams } from './cli/streams.ts';
import { type CommandLine, UsageError } from './flags.ts';
import { ApiError } from './kube/api-error.ts';
import { ApiUnavailable } from './kube/reach.ts';
import { HealthPortUnavailable } from './telemetry/health.ts';
import { createLog } from './telemetry/log.ts';
import { versionOf } from './version.ts';

/** Pod specs of ingress-nginx name the program as the first argument of the image. */
const OLD_PROGRAM = '/nginx-ingress-controller';

/** Failures that are the surroundings' or the user's: their message says it all, a stack would hide it. */
function isExpected(error: unknown): error is Error {
  const ports = [PortTaken, HealthPortUnavailable, WebhookPortUnavailable];
  const kinds = [UsageError, CommandError, NginxUnavailable, ApiUnavailable, ApiError, ...ports];
  return kinds.some((kind) => error instanceof kind);
}

function statusOf(error: Error): number {
  if (error instanceof CommandError) return error.status;
  return error instanceof UsageError ? EXIT.usage : EXIT.unavailable;
}

/** Runs a program until a signal ends it. */
async function serve(program: Program, { flags, warnings }: CommandLine): Promise<number> {
  const log = createLog(flags['log-format'], flags.v);
  for (const warning of warnings) log.warn(warning);
  // The first signal asks for a graceful end, a second one for an end at once.
  const [stop, force] = [new AbortController(), new AbortController()];
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => (stop.signal.aborted ? force.abort() : stop.abort()));
  }
  try {
    await program(flags, log, stop.signal, force.signal);
    return 0;
  } catch (error) {
    if (isExpected(error)) throw error;
    log.fatal({ err: error }, 'sluice cannot go on');
    return 1;
  }
}

/** What a command has after the first signal to leave things in order, a terminal say. */
const TIDY_MS = 1000;

/** Runs a command to its end, or shortly beyond the first signal. */
async function runCommand({ command, words, line, options }: Extract<Read, { kind: 'command' }>): Promise<number> {
  if (command.kind === 'service') return serve(await command.load(), line);
  const streams = processStreams();
  const stop = new AbortController();
  let interrupted: number | null = null;
  for (const [name, status] of [
    ['SIGTERM', EXIT.terminated],
    ['SIGINT', EXIT.interrupted],
  ] as const) {
    process.once(name, () => {
      interrupted = status;
      stop.abort();
      setTimeout(() => process.exit(status), TIDY_MS).unref();
    });
  }
  for (const warning of line.warnings) streams.err(`warning: ${warning}\n`);
  try {
    const status = await command.run({ words, options, flags: line.flags, streams, signal: stop.signal });
    return interrupted ?? status;
  } catch (error) {
    if (interrupted !== null) return interrupted; // whatever it was in the middle of
    throw error;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const read = readArguments(
    COMMANDS,
    args.filter((arg) => arg !== OLD_PROGRAM),
  );
  if (read.line.flags.help) {
    process.stdout.write(read.kind === 'serve' ? programHelp(COMMANDS) : commandHelp(read.command));
    return EXIT.ok;
  }
  if (read.line.flags.version) {
    process.stdout.write(`sluice ${versionOf()}\n`);
    return EXIT.ok;
  }
  if (read.kind === 'command') return runCommand(read);
  // Loaded when it is asked for: most commands need little of what the controller does.
  return serve((await import('./app.ts')).run, read.line);
}

// Whoever reads our output may have read enough (sluice … | head).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!isExpected(error)) throw error;
  process.stderr.write(`sluice: ${error.message}\n`);
  process.exitCode = statusOf(error);
}
