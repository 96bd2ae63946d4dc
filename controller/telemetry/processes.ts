// What the processes of nginx use, from /proc. Workers come and go with reloads; their times and bytes stay counted.
import { readdir, readFile } from 'node:fs/promises';
import { PREFIX } from './families.ts';
import { one, type Sample, type SampleFamily } from './samples.ts';

/** USER_HZ of Linux, the unit of times in /proc (time(7)). */
const TICKS_PER_SECOND = 100;

interface Use {
  /** Seconds. */
  readonly user: number;
  readonly system: number;
  /** Bytes. */
  readonly resident: number;
  readonly virtual: number;
  readonly read: number;
  readonly written: number;
  /** Seconds since 1970. */
  readonly started: number;
}

const COUNTED = ['user', 'system', 'read', 'written'] as const;

export class NginxProcesses {
  readonly #last = new Map<number, Use>();
  readonly #gone = { user: 0, system: 0, read: 0, written: 0 };
  #bootSeconds: number | null = null;

  /** The families of a master and its workers; none while it does not run. */
  async families(master: number | null, own: Sample['labels']): Promise<SampleFamily[]> {
    const uses = master === null ? [] : await this.#uses(master);
    const [first] = uses;
    if (first === undefined) return [];
    const sum = (pick: (use: Use) => number): number => uses.reduce((total, use) => total + pick(use), 0);
    const counted = (name: (typeof COUNTED)[number]): number => this.#gone[name] + sum((use) => use[name]);
    const name = (suffix: string): string => `${PREFIX}nginx_process_${suffix}`;
    const [user, system] = [counted('user'), counted('system')];
    return [
      one('gauge', name('num_procs'), 'Processes of nginx', own, uses.length),
      one('counter', name('cpu_seconds_total'), 'CPU time in the kernel alone, as ever', own, system),
      {
        name: 'sluice_nginx_cpu_seconds_total',
        help: 'CPU time of nginx, all of it',
        type: 'counter',
        samples: [
          { labels: { mode: 'user' }, value: user },
          { labels: { mode: 'system' }, value: system },
        ],
      },
      one('counter', name('read_bytes_total'), 'Bytes read from disks', own, counted('read')),
      one('counter', name('write_bytes_total'), 'Bytes written to disks', own, counted('written')),
      one(
        'gauge',
        name('resident_memory_bytes'),
        'Resident memory',
        own,
        sum(({ resident }) => resident),
      ),
      one(
        'gauge',
        name('virtual_memory_bytes'),
        'Virtual memory',
        own,
        sum((use) => use.virtual),
      ),
      one(
        'gauge',
        name('oldest_start_time_seconds'),
        'When the oldest process started, seconds since 1970',
        own,
        Math.min(...uses.map(({ started }) => started)),
      ),
    ];
  }

  async #uses(master: number): Promise<Use[]> {
    this.#bootSeconds ??= Number(/^btime (\d+)/m.exec(await readFile('/proc/stat', 'utf8'))?.[1] ?? 0);
    const boot = this.#bootSeconds;
    const found = new Map<number, Use>();
    for (const pid of await groupOf(master)) {
      const use = await readUse(pid, boot);
      if (use !== null) found.set(pid, use);
    }
    for (const [pid, before] of this.#last) {
      // A pid that came back as another process has started later.
      if (found.get(pid)?.started === before.started) continue;
      for (const name of COUNTED) this.#gone[name] += before[name];
    }
    this.#last.clear();
    for (const [pid, use] of found) this.#last.set(pid, use);
    return [...found.values()];
  }
}

/** nginx leads a process group of its own (apply/process.ts). */
async function groupOf(master: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const groups = await Promise.all(pids.map(async (pid) => (await statFields(pid))?.[2]));
  return pids.filter((_, index) => groups[index] === String(master));
}

/** proc(5): the fields of /proc/PID/stat from the third on; null for a process that is gone. */
async function statFields(pid: number): Promise<string[] | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

async function readUse(pid: number, boot: number): Promise<Use | null> {
  const fields = await statFields(pid);
  if (fields === null || fields[0] === 'Z') return null;
  const field = (number: number): number => Number(fields[number - 3]);
  const io = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => ''); // another user's
  return {
    user: field(14) / TICKS_PER_SECOND,
    system: field(15) / TICKS_PER_SECOND,
    started: boot + field(22) / TICKS_PER_SECOND,
    virtual: field(23),
    resident: field(24) * PAGE_BYTES,
    read: Number(/^read_bytes: (\d+)/m.exec(io)?.[1] ?? 0),
    written: Number(/^write_bytes: (\d+)/m.exec(io)?.[1] ?? 0),
  };
}

const PAGE_BYTES = 4096;
