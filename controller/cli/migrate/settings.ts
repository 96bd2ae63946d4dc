// The controller ConfigMap and the flags of an installation, key by key.

import { FLAGS, parseCommandLine, REMOVED_FLAGS, UNSUPPORTED_FLAGS, UsageError } from '../../flags.ts';
import { OTHER_KEYS, REMOVED_KEYS } from '../../model/config/other.ts';
import type { Problem } from '../../model/types.ts';
import { differencesOf } from './differences.ts';
import type { Entry } from './report.ts';

/** `problems` are those of the ConfigMap. */
export function settingEntries(data: ReadonlyMap<string, string>, problems: readonly Problem[]): Entry[] {
  return [...data].sort().map(([name, value]): Entry => {
    const other = OTHER_KEYS.get(name);
    if (other?.kind === 'needless') return { name, verdict: 'nothing', text: other.why };
    if (other !== undefined) return { name, verdict: 'hand', text: other.why };
    const removed = REMOVED_KEYS.get(name);
    if (removed !== undefined) return { name, verdict: 'hand', text: `removed from ingress-nginx: ${removed}` };
    const problem = problems.find(
      ({ message }) => message.startsWith(`${name}:`) || message.includes(JSON.stringify(name)),
    );
    if (problem !== undefined) return { name, verdict: 'hand', text: problem.message };
    const differences = differencesOf('settings', name, value);
    return differences.length === 0
      ? { name, verdict: 'unchanged', text: '' }
      : { name, verdict: 'differs', text: differences.map(({ text }) => text).join('; ') };
  });
}

/** Arguments of the old controller, as "--name=value". */
export function flagEntries(args: readonly string[]): Entry[] {
  return args.map((arg): Entry => {
    const [name = '', value] = arg.replace(/^--?/, '').split('=');
    const removed = REMOVED_FLAGS.get(name);
    if (removed !== undefined) return { name, verdict: 'nothing', text: `removed from ingress-nginx: ${removed}` };
    if (UNSUPPORTED_FLAGS.has(name)) return { name, verdict: 'hand', text: 'has no effect in this version' };
    if (!Object.hasOwn(FLAGS, name))
      return { name, verdict: 'hand', text: 'is unknown: the program does not start with it' };
    try {
      parseCommandLine([arg]);
      return { name, verdict: 'unchanged', text: '' };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return { name, verdict: 'hand', text: value === undefined ? error.message : `${error.message}` };
    }
  });
}
