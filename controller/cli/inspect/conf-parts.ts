// Parts of an nginx.conf of ours, by the comments around them (templates/server.hbs, profile.hbs). Texts of tenants cannot pass for
// these comments: they name digests of those very texts.

/** A server with its comments; '' when there is none. */
export function serverPart(config: string, id: string): string {
  return partsBetween(config, `# server ${id}`, `# end server ${id}`).join('');
}

/** Profiles by their ids; '' when there is none of them. One that several servers have comes once for each. */
export function profilesIn(config: string, ids: readonly string[]): string {
  return ids.flatMap((id) => partsBetween(config, `# profile ${id}`, `# end profile ${id}`)).join('');
}

function partsBetween(config: string, first: string, last: string): string[] {
  const parts: string[] = [];
  let open: string[] | null = null;
  for (const line of config.split('\n')) {
    if (line.trim() === first) open = [];
    open?.push(`${line}\n`);
    if (open === null || line.trim() !== last) continue;
    parts.push(open.join(''));
    open = null;
  }
  return parts;
}
