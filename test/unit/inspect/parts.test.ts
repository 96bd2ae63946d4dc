// Parts of the commands that look at a running controller: where it is, globs, rates, rows in blocks, what differs.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { differences } from '../../../controller/cli/inspect/details.ts';
import { runningFolders } from '../../../controller/cli/inspect/find.ts';
import { ratesOf } from '../../../controller/cli/inspect/rates.ts';
import { printStream } from '../../../controller/cli/inspect/rows.ts';
import { column, printRows } from '../../../controller/cli/output.ts';
import { countStates, endpointsOf } from '../../../controller/inspect/endpoints.ts';
import { globOf } from '../../../controller/inspect/glob.ts';
import type { TrafficRow } from '../../../controller/inspect/views.ts';
import type { Backend, Endpoint } from '../../../controller/model/types.ts';
import { recorded } from '../../support/streams.ts';

describe('commands that look at a running controller', () => {
  it('find the controllers of proc(5) by their flags and folders, and nothing else', async () => {
    const proc = await mkdtemp(join(tmpdir(), 'sluice-proc-'));
    const processes: [pid: string, words: string[]][] = [
      ['7', ['node', '/sluice/controller/main.ts', '--run-dir=/run/sluice', '--conf-dir', '/etc/sluice/conf']],
      ['8', ['node', '/srv/controller/main.ts', '--run-dir=/run/sluice', '/nginx-ingress-controller', '--manifests=x']],
      ['9', ['node', '/srv/controller/main.ts', 'routes', '--run-dir=/run/other']],
      ['10', ['node', '/srv/controller/main.ts', '--manifests=x']],
      ['11', ['node', '/srv/main.ts']],
      ['12', ['node', '/srv/controller/main.ts', '--no-such-flag']],
    ];
    for (const [pid, words] of processes) {
      await mkdir(join(proc, pid));
      await writeFile(join(proc, pid, 'cmdline'), words.map((word) => `${word}\0`).join(''));
      await symlink('/home', join(proc, pid, 'cwd'));
    }
    expect(await runningFolders(proc)).to.deep.equal([
      { confDir: '/etc/sluice/conf', runDir: '/run/sluice' },
      { confDir: '/home/.run', runDir: '/home/.run' },
      { confDir: '/run/sluice', runDir: '/run/sluice' },
    ]);
    await rm(proc, { recursive: true });
  });

  it('globs match whole names, in any case, and take nothing but stars as signs', () => {
    const names = ['a.test', 'b.a.test', 'aatest', '*.a.test'];
    const matched = (pattern: string): string[] => names.filter(globOf(pattern));
    expect(matched('')).to.deep.equal(names);
    expect(matched('A.test')).to.deep.equal(['a.test']);
    expect(matched('*.a.test')).to.deep.equal(['b.a.test', '*.a.test']);
    expect(matched('a*test')).to.deep.equal(['a.test', 'aatest']);
  });

  it('endpoints are ejected before they drain, and those of other zones are elsewhere', () => {
    const endpoint = (address: string, rest: Partial<Endpoint> = {}): Endpoint => {
      return { address, port: 80, state: 'ready', zone: null, isElsewhere: false, ...rest };
    };
    const backend = {
      displayName: 'ns-web-80',
      endpoints: [
        endpoint('10.0.0.1'),
        endpoint('10.0.0.2', { state: 'draining' }),
        endpoint('10.0.0.3', { isElsewhere: true, zone: 'b' }),
        endpoint('fd00::7', { state: 'draining' }),
      ],
    } as unknown as Backend;
    const ejections = { endpoints: { 'ns-web-80 [fd00::7]:80': 3.2 }, total: 1, retries: 0, withheld: 0 };
    const found = endpointsOf(backend, { ejections, counts: null });
    expect(found.map(({ address, state, secondsLeft }) => [address, state, secondsLeft])).to.deep.equal([
      ['10.0.0.1:80', 'ready', null],
      ['10.0.0.2:80', 'draining', null],
      ['10.0.0.3:80', 'elsewhere', null],
      ['[fd00::7]:80', 'ejected', 4],
    ]);
    expect(countStates(found)).to.deep.equal({ ready: 1, draining: 1, ejected: 1, elsewhere: 1 });
  });

  it('rates are by the time between two looks; counters that nginx lost begin anew; busiest first', () => {
    const row = (service: string, status: number, requests: number, durations: number[] = []): TrafficRow => {
      const labels = { namespace: 'ns', ingress: 'web', service, canary: '', host: 'a.test', status: String(status) };
      return { ...labels, requests, durations };
    };
    const around = { bounds: [0.1, 0.2, 1], hosts: 'counted' } as const;
    const before = { ...around, at: 1000, rows: [row('a', 200, 100, [100, 0, 0, 0]), row('b', 200, 50)] };
    const after = {
      ...around,
      at: 3000,
      rows: [row('a', 200, 110, [100, 9, 0, 1]), row('b', 200, 20), row('b', 503, 4), row('b', 404, 2)],
    };
    expect(ratesOf(before, after, 'backend', null)).to.deep.equal([
      { name: 'ns/b', perSecond: 13, refusedPerSecond: 1, errorsPerSecond: 2, p50: null, p99: null, requests: 26 },
      {
        name: 'ns/a',
        perSecond: 5,
        refusedPerSecond: 0,
        errorsPerSecond: 0,
        p50: 0.1 + (0.1 * 5) / 9,
        p99: 1,
        requests: 110,
      },
    ]);
    expect(ratesOf(before, after, 'ingress', null).map(({ name, perSecond }) => [name, perSecond])).to.deep.equal([
      ['ns/web', 18],
    ]);
    expect(ratesOf(before, after, 'host', null).map(({ name }) => name)).to.deep.equal(['a.test']);
    expect(ratesOf(before, after, 'ingress', 'other')).to.deep.equal([]);
  });

  it('rows that come one by one are printed as those that come at once; nothing has no head', async () => {
    const rows = Array.from({ length: 2500 }, (_, i) => ({ name: `n${i}`, list: [i, { deep: true }] }));
    async function* stream(count: number) {
      yield* rows.slice(0, count);
    }
    const columns = [column<(typeof rows)[number]>('NAME', ({ name }) => name)];
    for (const format of ['json', 'yaml'] as const) {
      for (const count of [0, 1, 2500]) {
        const [streamed, whole] = [recorded(), recorded()];
        expect(await printStream(streamed, format, stream(count), columns)).to.equal(count);
        printRows(whole, format, rows.slice(0, count), columns);
        expect(parse(streamed.written.out)).to.deep.equal(rows.slice(0, count));
        if (format === 'json') expect(streamed.written.out).to.equal(whole.written.out);
      }
    }
    const table = recorded();
    await printStream(table, 'table', stream(2500), columns);
    expect(table.written.out.split('\n').length).to.equal(2502);
    expect(table.written.out.match(/NAME/g)?.length).to.equal(1);
    const nothing = recorded();
    await printStream(nothing, 'wide', stream(0), columns);
    expect(nothing.written.out).to.equal('');
  });

  it('differences are named by what a list is about, not by its positions', () => {
    const before = {
      routes: [{ match: 'prefix', path: '/', tries: 3 }],
      endpoints: [{ address: '10.0.0.1', port: 80 }],
    };
    const after = {
      routes: [
        { match: 'exact', path: '/a', tries: 3 },
        { match: 'prefix', path: '/', tries: 5 },
      ],
      endpoints: [{ address: '10.0.0.2', port: 80 }],
    };
    expect(differences(before, after, '')).to.deep.equal([
      'routes.prefix /.tries: 3 → 5',
      'routes.exact /a: none → {"match":"exact","path":"/a","tries":3}',
      'endpoints.10.0.0.1:80: {"address":"10.0.0.1","port":80} → none',
      'endpoints.10.0.0.2:80: none → {"address":"10.0.0.2","port":80}',
    ]);
    expect(differences(before, before, '')).to.deep.equal([]);
  });
});
