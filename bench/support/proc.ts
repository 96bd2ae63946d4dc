// What proc(5) tells about processes: CPU time, memory, children, and which process serves a connection.
import { readdir, readFile, readlink } from 'node:fs/promises';

/** Linux counts CPU time of processes in hundredths of a second (USER_HZ), whatever the kernel's own clock is. */
const TICKS_PER_SECOND = 100;

/** CPU time that a process used so far, user and system, in seconds. */
export async function cpuSeconds(pid: number): Promise<number> {
  const fields = await statFields(pid);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export async function childrenOf(pid: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(async (child) => Number((await statFields(child).catch(() => []))[1])));
  return pids.filter((_, index) => parents[index] === pid);
}

/** Memory that only this process has, in megabytes: pages shared with its parent or other workers do not count. */
export async function privateMegabytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)].map(([, number]) => Number(number));
  return kilobytes.reduce((sum, value) => sum + value, 0) / 1024;
}

export async function residentMegabytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) / 1024;
}

/** Which of these processes holds the server side of an IPv4 connection to `port` from the client's `clientPort`. */
export async function ownerOf(port: number, clientPort: number, pids: readonly number[]): Promise<number | null> {
  const inode = await inodeOf(port, clientPort);
  if (inode === null) return null;
  for (const pid of pids) {
    const files = await readdir(`/proc/${pid}/fd`);
    const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
    if (links.includes(`socket:[${inode}]`)) return pid;
  }
  return null;
}

/** proc_net(5): "sl local rem st tx:rx tr:when retrnsmt uid timeout inode", addresses and ports in hexadecimal. */
async function inodeOf(port: number, clientPort: number): Promise<string | null> {
  const hex = (number: number): string => number.toString(16).toUpperCase().padStart(4, '0');
  for (const line of (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1)) {
    const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/);
    if (local?.endsWith(`:${hex(port)}`) && remote?.endsWith(`:${hex(clientPort)}`)) return inode ?? null;
  }
  return null;
}

/** The fields of /proc/PID/stat from the third on; the second is a name that may hold blanks and parentheses. */
async function statFields(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
