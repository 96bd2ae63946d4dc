// Which connections a process has, from proc(5).
import { readdir, readFile, readlink } from 'node:fs/promises';

const ESTABLISHED = '01';

/** How many established TCP connections a process has that came in on a port. */
export async function connectionsOf(pid: number, port: number): Promise<number> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1);
  const inodes = new Set(
    lines
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[1]?.endsWith(local) && fields[3] === ESTABLISHED)
      .map((fields) => `socket:[${fields[9]}]`),
  );
  const folder = `/proc/${pid}/fd`;
  const targets = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
  return targets.filter((target) => inodes.has(target)).length;
}
