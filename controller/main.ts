// Entry point of `sluice`: arguments, signals, exit status.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { WebhookPortUnavailable } from './admission/unavailable.ts';
import { NginxUnavailable } from './apply/binary.ts';
import { PortTaken } from './apply/listen.ts';
import { NGINX_HELP } from './cli/nginx-help.ts';
import { type CommandLine, type FlagValues, helpText, parseCommandLine, UsageError } from './flags.ts';
import { ApiError } from './kube/api-error.ts';
import { ApiUnavailable } from './kube/reach.ts';
import { HealthPortUnavailable } from './telemetry/health.ts';
import { createLog } from './telemetry/log.ts';

const USAGE = 64; // sysexits(3): EX_USAGE
const UNAVAILABLE = 69; // EX_UNAVAILABLE
/** Pod specs of ingress-nginx name the program as the first argument of the image. */
const OLD_PROGRAM = '/nginx-ingress-controller';

/** Failures that are the surroundings' or the user's: their message says it all, a stack would hide it. */
function isExpected(error: unknown): error is Error {
  const ports = [PortTaken, HealthPortUnavailable, WebhookPortUnavailable];
  const kinds = [UsageError, NginxUnavailable, ApiUnavailable, ApiError, ...ports];
  return kinds.some((kind) => error instanceof kind);
}

function versionOf(): string {
  const text = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

type Program = (flags: FlagValues, log: Logger, stop: AbortSignal, force: AbortSignal) => Promise<void>;

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

async function main(args: readonly string[]): Promise<number> {
  // It serves nothing, and its flags are its own; the image puts one of ours before it.
  const own = args.indexOf('webhook-cert');
  if (own !== -1) return (await import('./cli/webhook-cert.ts')).webhookCert(args.slice(own + 1));
  const line = parseCommandLine(args);
  const [command, ...rest] = line.words.filter((word) => word !== OLD_PROGRAM);
  if (line.flags.help) {
    process.stdout.write(command === 'nginx' ? NGINX_HELP : helpText());
    return 0;
  }
  if (line.flags.version) {
    process.stdout.write(`sluice ${versionOf()}\n`);
    return 0;
  }
  if (rest.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(rest[0])}; see sluice --help`);
  // Loaded when it is asked for: the supervisor of nginx needs little of what the controller does.
  switch (command) {
    case undefined:
      return serve((await import('./app.ts')).run, line);
    case 'nginx':
      return serve((await import('./cli/nginx.ts')).superviseNginx, line);
    case 'wait-shutdown':
      return (await import('./cli/wait-shutdown.ts')).waitShutdown();
    case 'render': {
      const { render } = await import('./cli/render.ts');
      for (const warning of line.warnings) process.stderr.write(`warning: ${warning}\n`);
      return render(line.flags, {
        out: (text) => void process.stdout.write(text),
        err: (text) => void process.stderr.write(text),
      });
    }
    default:
      throw new UsageError(
        `unknown command ${JSON.stringify(command)}; the commands are: render, nginx, wait-shutdown, webhook-cert. See sluice --help`,
      );
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!isExpected(error)) throw error;
  process.stderr.write(`sluice: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? USAGE : UNAVAILABLE;
}
