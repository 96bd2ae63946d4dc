// Lists of client addresses.
import { expect } from 'chai';
import { type Pod, startPod } from '../../support/backends.ts';
import { ask } from '../../support/client.ts';
import { configMap, service, site } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

describe('source ranges', () => {
  let sluice: Sluice;
  let pod: Pod;

  const from = async (name: string, address: string, more: object = {}): Promise<number> =>
    (await ask({ port: sluice.http, host: `${name}.test`, headers: { 'X-Forwarded-For': address }, ...more })).status;

  before(async () => {
    pod = await startPod('web', '127.0.0.62');
    const many = Array.from({ length: 3000 }, (_, i) => `10.${i % 250}.${Math.floor(i / 250)}.0/${24 + (i % 9)}`).join(
      ',',
    );
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'sites.json': [
          configMap('settings', { 'use-forwarded-headers': 'true', 'denylist-source-range': '192.0.2.66' }),
          ...site('allow', [pod], { 'allowlist-source-range': '203.0.113.0/24, 2001:db8::/33,\n198.51.100.128/25' }),
          ...site('alias', [pod], { 'whitelist-source-range': '203.0.113.9' }),
          ...site('both-names', [pod], {
            'allowlist-source-range': '203.0.113.9',
            'whitelist-source-range': '203.0.113.8',
          }),
          ...site('deny', [pod], { 'denylist-source-range': '203.0.113.0/24, 198.51.100.7' }),
          ...site('both', [pod], {
            'allowlist-source-range': '203.0.113.0/24',
            'denylist-source-range': '203.0.113.7',
          }),
          ...site('mapped', [pod], { 'allowlist-source-range': '::ffff:203.0.113.0/120' }),
          ...site('everybody', [pod], { 'allowlist-source-range': '0.0.0.0/0', 'denylist-source-range': '::/0' }),
          ...site('many', [pod], { 'allowlist-source-range': many }),
          ...site('plain', [pod]),
          ...[
            '',
            '203.0.113.0/33',
            '203.0.113.9,',
            '10.1',
            '203.0.113.9 198.51.100.1',
            '0x7f.0.0.1',
            '203.0.113.9/',
            'all',
            'fe80::1%eth0',
          ].flatMap((value, i) => site(`bad-${i}`, [pod], { 'allowlist-source-range': value })),
          ...site('bad-deny', [pod], { 'denylist-source-range': '' }),
          ...site('empty-alias', [pod], { 'whitelist-source-range': '' }),
          ...site('limited', [pod], { 'limit-rpm': '1', 'allowlist-source-range': '203.0.113.9' }),
          ...site('forced', [pod], { 'force-ssl-redirect': 'true', 'allowlist-source-range': '203.0.113.9' }),
          ...site('down', [pod], { 'allowlist-source-range': '203.0.113.9' }).slice(0, 1),
          service('down'),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  const table = async (name: string, rows: Readonly<Record<string, number>>): Promise<void> => {
    for (const [address, expected] of Object.entries(rows)) {
      expect(await from(name, address), `${name} from ${address}`).to.equal(expected);
    }
  };

  it('allowlist-source-range: only listed addresses get in, others 403 (GLOB-05)', async () => {
    await table('allow', {
      '203.0.113.0': 200,
      '203.0.113.255': 200,
      '203.0.112.255': 403,
      '203.0.114.0': 403,
      '198.51.100.1': 403,
      '198.51.100.128': 200,
      '2001:db8::1': 200,
      '2001:db8:7fff:ffff::1': 200,
      '2001:db8:8000::1': 403,
      '2001:db7::1': 403,
      '::ffff:203.0.113.9': 200,
      '::ffff:198.51.100.1': 403,
    });
  });

  it('whitelist-source-range: is the same under its old name; the new name wins', async () => {
    await table('alias', { '203.0.113.9': 200, '203.0.113.8': 403 });
    await table('both-names', { '203.0.113.9': 200, '203.0.113.8': 403 });
    await table('empty-alias', { '203.0.113.9': 200 });
  });

  it('denylist-source-range: listed addresses get 403, and beat the other list', async () => {
    await table('deny', { '198.51.100.7': 403, '198.51.100.8': 200, '203.0.113.1': 403, '2001:db8::1': 200 });
    await table('both', { '203.0.113.7': 403, '203.0.113.8': 200, '198.51.100.1': 403 });
    await table('everybody', { '203.0.113.7': 200, '2001:db8::1': 403 });
  });

  it('networks that hide IPv4 addresses are those', async () => {
    await table('mapped', { '203.0.113.7': 200, '198.51.100.1': 403, '::ffff:203.0.113.7': 200 });
  });

  it('lists may be long', async () => {
    await table('many', {
      '10.0.0.7': 200,
      '10.249.0.1': 200,
      '10.249.0.9': 403,
      '10.3.0.200': 403,
      '10.251.0.1': 403,
    });
  });

  it('denylist-source-range of the ConfigMap holds where an Ingress has none of its own (GLOB-06)', async () => {
    await table('plain', { '192.0.2.66': 403, '192.0.2.67': 200 });
    await table('deny', { '192.0.2.66': 200 });
  });

  it('allowlist-source-range, denylist-source-range: one bad element or an empty value denies: 503 (PARSE-03, R19)', async () => {
    for (let i = 0; i < 9; i += 1) await table(`bad-${i}`, { '203.0.113.9': 503 });
    await table('bad-deny', { '203.0.113.9': 503 });
  });

  it('limits count before the lists refuse (PHASE-01)', async () => {
    await table('limited', { '198.51.100.9': 403 });
    const statuses: number[] = [];
    for (let i = 0; i < 20; i += 1) statuses.push(await from('limited', '198.51.100.9'));
    expect(statuses).to.include(503).and.to.include(403);
    expect(statuses).to.not.include(200);
  });

  it('redirects to HTTPS and missing endpoints answer everybody first (SVC-02, PHASE-02)', async () => {
    await table('forced', { '198.51.100.1': 308 });
    await table('down', { '198.51.100.1': 503 });
    expect(await from('forced', '198.51.100.1', { port: sluice.https, tls: true })).to.equal(403);
  });
});
