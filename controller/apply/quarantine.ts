// Which of the new profiles and servers nginx refuses, when it refuses a configuration: by the line that it names, else by
// halves. The others are loaded all the same, so that one bad set of directives never stops another.
import type { Rendered } from '../render/config.ts';
import { type Need, type Needs, profileNeed } from '../render/layout.ts';
import { ConfigRefused } from './process.ts';

/** Needs that nginx refuses, with its words. */
export type Refused = ReadonlyMap<Need, string>;

export interface Trial {
  render(needs: Needs): Rendered;
  /** Throws ConfigRefused. */
  test(rendered: Rendered): Promise<void>;
}

/**
 * Tests `known` and `fresh` needs together. Returns the configuration that was tested last and is good, and the fresh
 * ones that are not in it because nginx refuses them. Throws ConfigRefused when it refuses even the known ones.
 */
export async function testConfig(
  trial: Trial,
  known: Needs,
  fresh: Needs,
): Promise<{ readonly rendered: Rendered; readonly refused: Refused }> {
  const refused = new Map<Need, string>();
  for (;;) {
    const candidates = [...fresh].filter((id) => !refused.has(id)).sort();
    const rendered = trial.render(new Set([...known, ...candidates]));
    const failure = await outcome(trial, rendered);
    if (failure === null) return { rendered, refused };
    if (candidates.length === 0) throw failure;
    const named = needAtLine(rendered.text, failure.line);
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

/**
 * Adds halves to what is known to be good; a half of one that fails is a culprit. At least one is found, or it throws. The
 * candidates are in order, and tried so: a server ("s_1") comes before what is in it ("s_1/p_1"), which without it is nothing.
 */
async function bisect(trial: Trial, known: Needs, candidates: readonly Need[]): Promise<Map<Need, string>> {
  const base = await outcome(trial, trial.render(known));
  if (base !== null) throw base;
  const good = new Set(known);
  const refused = new Map<Need, string>();
  const parts: (readonly Need[])[] = [candidates];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const failure = await outcome(trial, trial.render(new Set([...good, ...part])));
    if (failure === null) for (const id of part) good.add(id);
    else if (part.length === 1) refused.set(part[0] ?? '', failure.reason);
    else parts.push(part.slice(part.length / 2), part.slice(0, part.length / 2));
  }
  return refused;
}

/**
 * The profile whose location holds a line of the configuration, else the server of a server profile that does; null when the
 * line is elsewhere. Each part ends with a comment that names its id, which is a digest of the part: no snippet in it can hold
 * that line, and so blame another.
 */
export function needAtLine(text: string, line: number | null): Need | null {
  if (line === null) return null;
  let server: string | null | undefined;
  let part: { readonly end: string; readonly need: Need | null } | null = null;
  for (const current of text.split('\n').slice(0, line)) {
    if (part !== null) {
      if (current === part.end) part = null;
      continue;
    }
    const begin = /^ {2}# server (\S+)$/.exec(current)?.[1];
    if (begin !== undefined) server = begin === 'shared' ? null : begin;
    else if (/^ {2}# end server /.test(current)) server = undefined;
    else if (server !== undefined) part = partAt(current, server);
  }
  return part?.need ?? server ?? null;
}

/** What begins at a line of a server: a profile, or a text as somebody wrote it. */
function partAt(line: string, server: string | null) {
  const [, kind = '', id = ''] = /^ {4}# (profile|snippet) (\S+)$/.exec(line) ?? [];
  if (kind === '') return null;
  return { end: `    # end ${kind} ${id}`, need: kind === 'profile' ? profileNeed(server, id) : server };
}
