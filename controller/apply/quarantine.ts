// Which of the new profiles nginx refuses, when it refuses a configuration: by the line that it names, else by halves. The
// others are loaded all the same, so that one bad set of directives never stops another.
import type { ProfileId } from '../model/types.ts';
import type { Rendered } from '../render/config.ts';
import { ConfigRefused } from './process.ts';

/** Profiles that nginx refuses, with its words. */
export type Refused = ReadonlyMap<ProfileId, string>;

export interface Trial {
  render(profiles: ReadonlySet<ProfileId>): Rendered;
  /** Throws ConfigRefused. */
  test(rendered: Rendered): Promise<void>;
}

/**
 * Tests `known` and `fresh` profiles together. Returns the configuration that was tested last and is good, and the fresh
 * profiles that are not in it because nginx refuses them. Throws ConfigRefused when it refuses even the known ones.
 */
export async function testConfig(
  trial: Trial,
  known: ReadonlySet<ProfileId>,
  fresh: ReadonlySet<ProfileId>,
): Promise<{ readonly rendered: Rendered; readonly refused: Refused }> {
  const refused = new Map<ProfileId, string>();
  for (;;) {
    const candidates = [...fresh].filter((id) => !refused.has(id)).sort();
    const rendered = trial.render(new Set([...known, ...candidates]));
    const failure = await outcome(trial, rendered);
    if (failure === null) return { rendered, refused };
    if (candidates.length === 0) throw failure;
    const named = profileAtLine(rendered.text, failure.line);
    if (named !== null && candidates.includes(named)) refused.set(named, failure.reason);
    else for (const [id, reason] of await bisect(trial, known, candidates)) refused.set(id, reason);
  }
}

async function outcome(trial: Trial, rendered: Rendered): Promise<ConfigRefused | null> {
  try {
    await trial.test(rendered);
    return null;
  } catch (error) {
    if (error instanceof ConfigRefused) return error;
    throw error;
  }
}

/** Adds halves to what is known to be good; a half of one that fails is a culprit. At least one is found, or it throws. */
async function bisect(
  trial: Trial,
  known: ReadonlySet<ProfileId>,
  candidates: readonly ProfileId[],
): Promise<Map<ProfileId, string>> {
  const base = await outcome(trial, trial.render(known));
  if (base !== null) throw base;
  const good = new Set(known);
  const refused = new Map<ProfileId, string>();
  const parts: (readonly ProfileId[])[] = [candidates];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const failure = await outcome(trial, trial.render(new Set([...good, ...part])));
    if (failure === null) for (const id of part) good.add(id);
    else if (part.length === 1) refused.set(part[0] ?? '', failure.reason);
    else parts.push(part.slice(0, part.length / 2), part.slice(part.length / 2));
  }
  return refused;
}

/** The profile whose location holds a line of the configuration; null when the line is elsewhere. */
export function profileAtLine(text: string, line: number | null): ProfileId | null {
  if (line === null) return null;
  const lines = text.split('\n');
  for (let at = line - 1; at >= 0; at -= 1) {
    const current = lines[at] ?? '';
    const opened = /^\s*location @(p_[0-9a-f]+) \{/.exec(current);
    if (opened?.[1]) return opened[1];
    if (at < line - 1 && /^\s*\}/.test(current)) return null;
  }
  return null;
}
