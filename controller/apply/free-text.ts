// Settings whose texts nginx refuses: which of them, found by trying, so that the others hold and nothing else waits for the
// administrator.
import type { FreeText } from '../model/config/free-text.ts';
import type { Settings } from '../model/settings.ts';
import type { Problem } from '../model/types.ts';
import { ConfigRefused } from './process.ts';

export interface JudgedSettings {
  /** Those that nginx accepts, as far as the texts go. */
  readonly settings: Settings;
  /** By key, nginx's words. */
  readonly refused: ReadonlyMap<string, string>;
}

/** `test` throws ConfigRefused for settings that nginx refuses, without any host. */
export async function judge(
  settings: Settings,
  texts: readonly FreeText[],
  test: (settings: Settings) => Promise<void>,
): Promise<JudgedSettings> {
  const refused = new Map<string, string>();
  const set = texts.filter((text) => text.isSet(settings));
  if (set.length === 0 || (await outcome(settings, test)) === null) return { settings, refused };
  // From none to all, each kept that nginx accepts beside those before it: of two that clash the second one goes.
  const without = (keys: ReadonlySet<string>): Settings =>
    set.reduce((rest, text) => (keys.has(text.key) ? text.without(rest) : rest), settings);
  const left = new Set(set.map(({ key }) => key));
  // What is wrong even so is not theirs.
  if ((await outcome(without(left), test)) !== null) return { settings, refused };
  for (const { key } of set) {
    left.delete(key);
    const failure = await outcome(without(left), test);
    if (failure === null) continue;
    left.add(key);
    refused.set(key, failure.reason);
  }
  return { settings: without(left), refused };
}

async function outcome(settings: Settings, test: (settings: Settings) => Promise<void>): Promise<ConfigRefused | null> {
  try {
    await test(settings);
    return null;
  } catch (error) {
    if (error instanceof ConfigRefused) return error;
    throw error;
  }
}

export function refusedTextProblems({ settings, refused }: JudgedSettings): Problem[] {
  const [namespace = '', name = ''] = (settings.selection.configMap ?? '').split('/');
  return [...refused].map(([key, reason]) => ({
    object: { kind: 'ConfigMap', namespace, name },
    severity: 'error',
    code: 'setting-invalid',
    message: `${key}: nginx refuses it: ${reason}; it is left out until it is mended`,
  }));
}
