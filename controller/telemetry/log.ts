// The controller's log: one line per event, JSON or text, on standard error; the access log has standard output to itself.
import { isatty } from 'node:tty';
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';

export function createLog(format: 'auto' | 'text' | 'json', verbosity: number): Logger {
  const level = verbosity >= 2 ? 'debug' : 'info';
  const isText = format === 'text' || (format === 'auto' && isatty(2));
  const base = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!isText)
    return pino(
      { ...base, formatters: { level: (label) => ({ level: label }) } },
      pino.destination({ fd: 2, sync: true }),
    );
  return pino(base, pretty({ destination: 2, sync: true, translateTime: 'HH:MM:ss.l', ignore: 'pid,hostname' }));
}
