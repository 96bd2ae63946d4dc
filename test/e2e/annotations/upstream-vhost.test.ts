import { expect } from 'chai';
import type { EchoAnswer } from '../../../examples/echo.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { site, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

describe('upstream-vhost', () => {
  let sluice: Sluice;
  let pod: Pod;
  const echo = (host: string, headers: Record<string, string> = {}): Promise<EchoAnswer> =>
    askEcho({ port: sluice.http, host: `${host}.test:8080`, path: '/x', headers });

  before(async () => {
    pod = await startPod('web');
    sluice = await startSluice({
      manifests: {
        'all.json': [
          ...workload('web', [pod]),
          ...site('plain', [pod]),
          ...site('fixed', [pod], { 'upstream-vhost': 'internal.local' }),
          ...site('variables', [pod], {
            'upstream-vhost': '$service_name.$namespace.svc.cluster.local:80',
            'rewrite-target': '/y',
          }),
          ...site('client', [pod], { 'upstream-vhost': '$http_x_backend' }),
          ...site('tricky', [pod], { 'upstream-vhost': 'a$uri' }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  it("upstream-vhost: the backend sees this Host; X-Forwarded-Host stays the client's (HDR-01, HDR-03)", async () => {
    const { headers } = await echo('fixed');
    expect([headers.host, headers['x-forwarded-host']]).to.deep.equal(['internal.local', 'fixed.test:8080']);
    const other = await echo('plain');
    expect([other.headers.host, other.headers['x-forwarded-host']]).to.deep.equal([
      'plain.test:8080',
      'plain.test:8080',
    ]);
  });

  it('upstream-vhost: with variables, beside a rewrite (HDR-01)', async () => {
    const { headers, url } = await echo('variables');
    expect(headers.host).to.equal('variables.default.svc.cluster.local:80');
    expect(url).to.equal('/y');
  });

  it('upstream-vhost: gRPC backends too (HDR-07)', async () => {
    expect(await sluice.config()).to.contain('grpc_set_header Host "$sluice_host";');
  });

  it('upstream-vhost: clients cannot make it what is no host', async () => {
    expect((await echo('client', { 'X-Backend': 'b.local' })).headers.host).to.equal('b.local');
    for (const value of ['a b', 'a/b', '']) {
      const answer = await ask({ port: sluice.http, host: 'client.test', headers: { 'X-Backend': value } });
      expect(answer.status, value).to.equal(400);
    }
    expect((await ask({ port: sluice.http, host: 'tricky.test', path: '/%0d%0aX-Evil:1' })).status).to.equal(400);
  });

  it('upstream-vhost: comes and goes without a reload', async () => {
    await sluice.write('more.json', site('more', [pod], { 'upstream-vhost': 'one.local' }));
    await eventually(async () => expect((await echo('more')).headers.host).to.equal('one.local'));
    await sluice.write('more.json', site('more', [pod]));
    await eventually(async () => expect((await echo('more')).headers.host).to.equal('more.test:8080'));
    expect((await sluice.logs()).err).to.not.contain('nginx reloaded');
  });
});
