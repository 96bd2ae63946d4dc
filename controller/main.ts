// Entry point of `sluice`: arguments, signals, exit status.
import { run } from './app.ts';
import { NginxUnavailable } from './apply/binary.ts';
import { PortTaken } from './apply/listen.ts';
import { render } from './cli/render.ts';
import { type CommandLine, helpText, parseCommandLine, UsageError } from './flags.ts';
import { ApiError } from './kube/api-error.ts';
import { ApiUnavailable } from './kube/reach.ts';
import { HealthPortUnavailable } from './telemetry/health.ts';
import { createLog } from './telemetry/log.ts';
import { versionOf } from './version.ts';

const USAGE = 64; // sysexits(3): EX_USAGE
const UNAVAILABLE = 69; // EX_UNAVAILABLE

/** Failures that are the surroundings' or the user's: their message says it all, a stack would hide it. */
function isExpected(error: unknown): error is Error {
  const kinds = [UsageError, NginxUnavailable, ApiUnavailable, ApiError, PortTaken, HealthPortUnavailable];
  return kinds.some((kind) => error instanceof kind);
}

async function serve({ flags, warnings }: CommandLine): Promise<number> {
  const log = createLog(flags['log-format'], flags.v);
  for (const warning of warnings) log.warn(warning);
  // The first signal asks for a graceful end, a second one for an end at once.
  const [stop, force] = [new AbortController(), new AbortController()];
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => (stop.signal.aborted ? force.abort() : stop.abort()));
  }
  try {
    await run(flags, log, stop.signal, force.signal);
    return 0;
  } catch (error) {
    if (isExpected(error)) throw error;
    log.fatal({ err: error }, 'sluice cannot go on');
    return 1;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const line = parseCommandLine(args);
  const [command, ...rest] = line.words;
  if (line.flags.help) {
    process.stdout.write(helpText());
    return 0;
  }
  if (line.flags.version) {
    process.stdout.write(`sluice ${versionOf()}\n`);
    return 0;
  }
  if (rest.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(rest[0])}; see sluice --help`);
  switch (command) {
    case undefined:
      return serve(line);
    case 'render':
      for (const warning of line.warnings) process.stderr.write(`warning: ${warning}\n`);
      return render(line.flags, {
        out: (text) => void process.stdout.write(text),
        err: (text) => void process.stderr.write(text),
      });
    default:
      throw new UsageError(`unknown command ${JSON.stringify(command)}; the commands are: render. See sluice --help`);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!isExpected(error)) throw error;
  process.stderr.write(`sluice: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? USAGE : UNAVAILABLE;
}
