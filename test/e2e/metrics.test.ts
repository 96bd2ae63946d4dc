// The metrics of requests under their old names: labels, values, buckets; and what never becomes a label.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { type Pod, startPod } from '../support/backends.ts';
import { makePair } from '../support/certificates.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { ingress, secret, site, workload } from '../support/objects.ts';
import { expectHistograms, type Family, sampleValue, scrape } from '../support/prometheus.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

const PREFIX = 'nginx_ingress_controller_';
const SPEC = parse(readFileSync(join(import.meta.dirname, '../../docs/spec/metrics.yaml'), 'utf8')) as {
  readonly metrics: readonly {
    readonly name: string;
    readonly type: string;
    readonly group: string;
    readonly labels: readonly string[];
    readonly constant_labels?: readonly string[];
    readonly buckets?: string;
  }[];
};

/** Families that are there only where something else happened, with what they wait for. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  nginx_ingress_controller_errors: 'a reload that failed (test/e2e/reload.test.ts)',
  nginx_ingress_controller_check_success: 'the admission webhook (test/unit/admission/metrics.test.ts)',
  nginx_ingress_controller_check_errors: 'the admission webhook (the same)',
  nginx_ingress_controller_leader_election_status: 'leader election (test/e2e/status-election.test.ts)',
};

const ENVIRONMENT = { POD_NAMESPACE: 'ingress', POD_NAME: 'sluice-1' };
const OWN = { controller_namespace: 'ingress', controller_class: 'k8s.io/ingress-nginx', controller_pod: 'sluice-1' };

describe('metrics of requests', () => {
  let pod: Pod;
  let sluice: Sluice;

  /** Waits until a scrape has what is wanted. */
  const seen = (check: (families: ReadonlyMap<string, Family>) => void): Promise<ReadonlyMap<string, Family>> =>
    eventually(async () => {
      const families = await scrape(sluice.health);
      check(families);
      return families;
    });
  const requests = (families: ReadonlyMap<string, Family>, labels: Record<string, string>): number | null =>
    sampleValue(families, `${PREFIX}requests`, labels);
  const go = (host: string, path = '/', method = 'GET', body?: string): ReturnType<typeof ask> =>
    ask({ port: sluice.http, host, path, method, ...(body === undefined ? {} : { body }) });

  before(async () => {
    pod = await startPod('web');
    const pair = await makePair(['tls.test']);
    sluice = await startSluice({
      manifests: {
        'web.json': [
          ...site('web', [pod]),
          ingress({ name: 'paths', host: 'paths.test', paths: [{ path: '/say "hi"\\' }, { path: '/api' }] }),
          ingress({ name: 'wild', host: '*.wild.test' }),
          ingress({ name: 'orphan', host: 'orphan.test', paths: [{ service: 'gone' }] }),
          ingress({ name: 'tls', host: 'tls.test', tls: [{ hosts: ['tls.test'], secretName: 'pair' }] }),
          secret('pair', pair),
        ],
      },
      flags: ['--enable-metrics'],
      environment: ENVIRONMENT,
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  it('every family of docs/spec/metrics.yaml is in a scrape, with its type, labels and default buckets', async () => {
    await go('web.test');
    const before = (await sluice.control.status(AbortSignal.timeout(5000))).workers.map(({ pid }) => pid);
    await sluice.write('big.json', [
      ingress({ name: 'big', host: 'big.test', annotations: { 'proxy-body-size': '3m' } }),
    ]);
    await eventually(async () => expect((await sluice.logs()).err).to.contain('nginx reloaded'));
    expect(before).to.have.length.above(0);
    const families = await seen((found) => expect(requests(found, { host: 'web.test' })).to.be.above(0));
    expectHistograms(families);
    let looked = 0;
    for (const { name, type, group, labels, constant_labels: constant = [], buckets } of SPEC.metrics) {
      if (name.includes('*') || group === 'admission' || name in ELSEWHERE) continue;
      const family = families.get(name);
      expect(family?.type, name).to.equal(type);
      const sample = family?.samples.find((each) => group !== 'request' || each.labels.host === 'web.test');
      const { le: _le, ...found } = sample?.labels ?? {};
      expect(Object.keys(found).sort(), name).to.deep.equal([...new Set([...labels, ...constant])].sort());
      for (const label of constant.filter((each) => each in OWN)) {
        expect(found[label], `${name} ${label}`).to.equal(OWN[label as keyof typeof OWN]);
      }
      if (type === 'histogram') {
        const bounds = new Set(family?.samples.flatMap(({ labels: { le } }) => (le === undefined ? [] : [le])));
        const wanted = (/default (.*)$/.exec(buckets ?? '')?.[1] ?? '').split(' ').map(Number);
        expect([...bounds].map(Number).filter(Number.isFinite), name).to.deep.equal(wanted);
      }
      looked += 1;
    }
    expect(looked).to.be.above(25);
  });

  it('counts each request once, with the labels of its rule, and observes times and sizes', async () => {
    const before = await scrape(sluice.health);
    const labels = {
      namespace: 'default',
      ingress: 'paths',
      service: 'web',
      canary: '',
      host: 'paths.test',
      path: '/api',
      method: 'POST',
      status: '200',
    };
    for (let i = 0; i < 7; i += 1)
      expect((await go('paths.test', '/api/x?y', 'POST', 'x'.repeat(50))).status).to.equal(200);
    const after = await seen((found) => expect(requests(found, labels)).to.equal(7));
    expect(requests(before, labels)).to.equal(null);
    const of = (name: string): number => sampleValue(after, PREFIX + name, labels) ?? Number.NaN;
    for (const name of ['request_duration_seconds', 'response_duration_seconds', 'connect_duration_seconds']) {
      expect(of(`${name}_count`), name).to.equal(7);
      expect(of(`${name}_sum`), name).to.be.within(0, 7);
    }
    expect(of('request_size_sum')).to.be.within(7 * 100, 7 * 1000);
    expect(of('response_size_sum'))
      .to.equal(of('bytes_sent_sum'))
      .and.to.be.above(7 * 100);
    expect(sampleValue(after, `${PREFIX}bytes_sent_bucket`, { ...labels, le: '1e+06' })).to.equal(7);
    expect(sampleValue(after, `${PREFIX}request_size_bucket`, { ...labels, le: '100' })).to.equal(0);
  });

  it('escapes what a path may hold', async () => {
    await go('paths.test', '/say%20%22hi%22%5C');
    await seen((found) => expect(requests(found, { path: '/say "hi"\\' })).to.equal(1));
  });

  it('requests that no backend saw have no times of one', async () => {
    expect((await go('orphan.test')).status).to.equal(503);
    const found = await seen((families) =>
      expect(requests(families, { host: 'orphan.test', status: '503' })).to.equal(1),
    );
    expect(sampleValue(found, `${PREFIX}response_duration_seconds_count`, { host: 'orphan.test' })).to.equal(null);
    expect(sampleValue(found, `${PREFIX}request_duration_seconds_count`, { host: 'orphan.test' })).to.equal(1);
    expect(sampleValue(found, `${PREFIX}orphan_ingress`, { ingress: 'orphan', type: 'no-service' })).to.equal(1);
    expect(sampleValue(found, `${PREFIX}orphan_ingress`, { ingress: 'web', type: 'no-service' })).to.equal(0);
  });

  it('names and methods that clients make up never become labels', async () => {
    for (const host of ['made-up.test', 'one.wild.test', 'two.wild.test']) await go(host);
    await go('web.test', '/', 'PROPPATCHY').catch(() => undefined);
    const found = await seen((families) => {
      expect(requests(families, { host: '_', status: '404' })).to.be.above(0);
      expect(requests(families, { host: '*.wild.test' })).to.equal(2);
    });
    const samples = found.get(`${PREFIX}requests`)?.samples ?? [];
    expect(new Set(samples.map(({ labels }) => labels.host))).to.not.include.members(['made-up.test']);
    expect(samples.some(({ labels }) => /one|two|made/.test(labels.host ?? ''))).to.equal(false);
    expect(samples.some(({ labels }) => labels.method === 'PROPPATCHY')).to.equal(false);
  });

  it('the certificate of a host has its expiry and a description', async () => {
    const found = await scrape(sluice.health);
    const labels = { namespace: 'default', class: 'k8s.io/ingress-nginx', host: 'tls.test', secret_name: 'pair' };
    const days = ((sampleValue(found, `${PREFIX}ssl_expire_time_seconds`, labels) ?? 0) - Date.now() / 1000) / 86_400;
    expect(days).to.be.within(29, 30.1);
    const info = { ...labels, issuer_common_name: 'tls.test', public_key_algorithm: 'ECDSA' };
    expect(sampleValue(found, `${PREFIX}ssl_certificate_info`, info)).to.equal(1);
  });

  it('counters survive a reload and the end of workers; series go with their Ingress', async () => {
    await sluice.write('short.json', [ingress({ name: 'short', host: 'short.test' })]);
    await eventually(async () => expect((await go('short.test')).status).to.equal(200));
    const before = await seen((found) => expect(requests(found, { host: 'short.test', status: '200' })).to.be.above(0));
    const count = requests(before, { host: 'short.test', status: '200' }) ?? 0;
    const { workers } = await sluice.control.status(AbortSignal.timeout(5000));
    await sluice.write('short.json', [
      ingress({ name: 'short', host: 'short.test', annotations: { 'proxy-body-size': '5m' } }),
    ]);
    for (let i = 0; i < 5; i += 1) await go('short.test');
    await eventually(async () => {
      const now = (await sluice.control.status(AbortSignal.timeout(5000))).workers.map(({ pid }) => pid);
      expect(now.some((pid) => workers.some((old) => old.pid === pid))).to.equal(false);
    });
    await seen((found) => expect(requests(found, { host: 'short.test', status: '200' })).to.equal(count + 5));
    await sluice.remove('short.json');
    await seen((found) => expect(requests(found, { host: 'short.test' })).to.equal(null));
  });

  it('is compressed for those who ask, as Prometheus does', async () => {
    const plain = await ask({ port: sluice.health, path: '/metrics' });
    const packed = await ask({ port: sluice.health, path: '/metrics', headers: { 'Accept-Encoding': 'gzip' } });
    expect(packed.headers['content-encoding']).to.equal('gzip');
    expect(packed.body.length).to.be.below(plain.body.length / 4);
  });
});

describe('metrics of requests by flags', () => {
  let pod: Pod;
  before(async () => {
    pod = await startPod('web');
  });
  after(() => pod.stop());

  const within = async (
    flags: readonly string[],
    manifests: readonly object[],
    check: (sluice: Sluice) => Promise<void>,
  ) => {
    const sluice = await startSluice({ manifests: { 'a.json': [...workload('web', [pod]), ...manifests] }, flags });
    try {
      await check(sluice);
    } finally {
      await sluice.stop();
    }
  };
  const get = (sluice: Sluice, host: string): ReturnType<typeof ask> => ask({ port: sluice.http, host });

  it('without --enable-metrics nothing is measured: only the controller has metrics of its own', () =>
    within([], [ingress({ name: 'a', host: 'a.test' })], async (sluice) => {
      expect((await get(sluice, 'a.test')).status).to.equal(200);
      const families = await scrape(sluice.health);
      const old = [...families].filter(([name, { samples }]) => name.startsWith(PREFIX) && samples.length > 0);
      expect(old.map(([name]) => name)).to.deep.equal([]);
      expect(families.has('sluice_hosts')).to.equal(true);
      expect(await sluice.config()).to.not.contain('sluice_metrics');
    }));

  it('label sets beyond --metrics-max-series are counted as "other", with a Problem', () =>
    within(
      ['--enable-metrics', '--metrics-max-series=2'],
      ['a', 'b', 'c', 'd'].map((name) => ingress({ name, host: `${name}.test` })),
      async (sluice) => {
        for (const name of ['a', 'b', 'c', 'd']) await get(sluice, `${name}.test`);
        await eventually(async () => {
          const families = await scrape(sluice.health);
          const samples = families.get(`${PREFIX}requests`)?.samples ?? [];
          expect(samples.reduce((sum, { value }) => sum + value, 0)).to.equal(4);
          expect(sampleValue(families, `${PREFIX}requests`, { host: 'other', status: '2xx' })).to.equal(2);
          expect(samples.filter(({ labels }) => labels.host !== 'other')).to.have.lengthOf(2);
          expect(sampleValue(families, 'sluice_problems', { code: 'metrics-capped' })).to.equal(1);
          expectHistograms(families);
        });
      },
    ));

  it('--metrics-per-undefined-host takes the name that clients send; classes, labels and families by flags', () =>
    within(
      [
        '--enable-metrics',
        '--metrics-per-undefined-host',
        '--report-status-classes',
        '--metrics-without-labels=method,path',
        '--exclude-socket-metrics=nginx_ingress_controller_bytes_sent,request_size',
        '--time-buckets=0.5,1e+06',
      ],
      [ingress({ name: 'wild', host: '*.wild.test' })],
      async (sluice) => {
        await get(sluice, 'one.wild.test');
        await get(sluice, 'unknown.test');
        await eventually(async () => {
          const families = await scrape(sluice.health);
          expect(sampleValue(families, `${PREFIX}requests`, { host: 'one.wild.test', status: '2xx' })).to.equal(1);
          expect(sampleValue(families, `${PREFIX}requests`, { host: 'unknown.test', status: '4xx' })).to.equal(1);
          expect(families.has(`${PREFIX}bytes_sent`)).to.equal(false);
          expect(families.has(`${PREFIX}request_size`)).to.equal(false);
          const samples = families.get(`${PREFIX}request_duration_seconds`)?.samples ?? [];
          const bounds = new Set(samples.flatMap(({ labels: { le } }) => le ?? []));
          expect([...bounds]).to.deep.equal(['0.5', '1e+06', '+Inf']);
          expect(samples.some(({ labels }) => 'method' in labels || 'path' in labels)).to.equal(false);
        });
      },
    ));

  it('--metrics-per-host=false has no label for it', () =>
    within(
      ['--enable-metrics', '--metrics-per-host=false'],
      [ingress({ name: 'a', host: 'a.test' })],
      async (sluice) => {
        await get(sluice, 'a.test');
        await get(sluice, 'unknown.test');
        await eventually(async () => {
          const samples = (await scrape(sluice.health)).get(`${PREFIX}requests`)?.samples ?? [];
          expect(samples).to.have.lengthOf(2);
          expect(samples.some(({ labels }) => 'host' in labels)).to.equal(false);
        });
      },
    ));

  it('times of several tries are added up', async () => {
    const dead = { address: '127.0.0.9', port: pod.port };
    await within(['--enable-metrics'], site('retry', [dead, pod]), async (sluice) => {
      for (let i = 0; i < 4; i += 1) expect((await get(sluice, 'retry.test')).status).to.equal(200);
      await eventually(async () => {
        const families = await scrape(sluice.health);
        expect(sampleValue(families, `${PREFIX}response_duration_seconds_count`, { host: 'retry.test' })).to.equal(4);
        expect(sampleValue(families, 'sluice_retries_total')).to.be.above(0);
      });
    });
  });
});
