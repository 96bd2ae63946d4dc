import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { type Answer, ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { ingress, service, slices, workload } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

describe('routing', () => {
  let sluice: Sluice;
  const pods = new Map<string, Pod>();

  const get = (host: string, path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ port: sluice.http, host, path, headers });
  /** The backend that serves a path, or the status when none does. */
  const serves = async (host: string, path: string): Promise<string | number> => {
    const answer = await get(host, path);
    return answer.status === 200 ? (JSON.parse(answer.body) as { backend: string }).backend : answer.status;
  };

  before(async () => {
    for (const name of ['web', 'api', 'exact', 'wild', 'bare', 'fallback']) pods.set(name, await startPod(name));
    const all = [...pods].flatMap(([name, pod]) => workload(name, [pod]));
    sluice = await startSluice({
      flags: ['--default-backend-service=default/fallback'],
      manifests: {
        'all.json': [
          ...all,
          service('empty'),
          ingress({
            name: 'paths',
            host: 'paths.test',
            paths: [
              { path: '/exact', pathType: 'Exact', service: 'exact' },
              { path: '/both', pathType: 'Exact', service: 'exact' },
              { path: '/both', service: 'api' },
              { path: '/seg', service: 'api' },
              { path: '/seg/deeper', service: 'web' },
              { path: '/slash/', service: 'api' },
              { path: '/Case', service: 'api' },
              { path: '/été', service: 'api' },
              { path: '/empty', service: 'empty' },
              { path: '/missing', service: 'missing' },
            ],
          }),
          ingress({ name: 'wild', host: '*.wild.test', paths: [{ service: 'wild' }] }),
          ingress({ name: 'exact', host: 'exact.wild.test', paths: [{ service: 'exact' }] }),
          ingress({ name: 'bare', paths: [{ path: '/bare', service: 'bare' }] }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    for (const pod of pods.values()) await pod.stop();
  });

  it('an Exact path matches itself only (PATH-02)', async () => {
    expect(await serves('paths.test', '/exact')).to.equal('exact');
    expect(await serves('paths.test', '/exact?a=1')).to.equal('exact');
    for (const other of ['/exact/', '/exact/x', '/Exact', '/exac']) {
      expect(await serves('paths.test', other), other).to.equal('fallback');
    }
  });

  it('a Prefix path matches by segments (PATH-03)', async () => {
    for (const path of ['/seg', '/seg/', '/seg/x', '/seg/deepe', '/seg?x=/seg/deeper']) {
      expect(await serves('paths.test', path), path).to.equal('api');
    }
    for (const path of ['/segx', '/se', '/']) expect(await serves('paths.test', path), path).to.equal('fallback');
  });

  it('an Exact path takes its own path from the Prefix of the same name (PATH-04)', async () => {
    expect(await serves('paths.test', '/both')).to.equal('exact');
    expect(await serves('paths.test', '/both/x')).to.equal('api');
  });

  it('the longest prefix wins (PATH-06)', async () => {
    expect(await serves('paths.test', '/seg/deeper')).to.equal('web');
    expect(await serves('paths.test', '/seg/deeper/x')).to.equal('web');
  });

  it('a Prefix with a final slash redirects the path without it, keeping the query (PATH-05)', async () => {
    const answer = await get('paths.test', '/slash?a=1&b=%20');
    expect(answer.status).to.equal(301);
    expect(answer.headers.location).to.equal('http://paths.test/slash/?a=1&b=%20');
    expect(await serves('paths.test', '/slash/')).to.equal('api');
    expect(await serves('paths.test', '/slash/x')).to.equal('api');
  });

  it('matches case-sensitively on the decoded, merged, resolved URI (PATH-11)', async () => {
    expect(await serves('paths.test', '/Case')).to.equal('api');
    expect(await serves('paths.test', '/case')).to.equal('fallback');
    for (const path of ['/%73eg', '//seg', '/x/../seg', '/./seg/x', '/%C3%A9t%C3%A9/x']) {
      expect(await serves('paths.test', path), path).to.equal('api');
    }
  });

  it('sends the URI to the backend as the client wrote it', async () => {
    const { url } = await askEcho({ port: sluice.http, host: 'paths.test', path: '/seg//a%20b/../c?d=%2F' });
    expect(url).to.equal('/seg//a%20b/../c?d=%2F');
  });

  it('a wildcard matches exactly one label, in any case, with any port; exact hosts win (HOST-04)', async () => {
    expect(await serves('a.wild.test', '/')).to.equal('wild');
    expect(await serves('A_b-1.WILD.test:8080', '/')).to.equal('wild');
    expect(await serves('exact.wild.test', '/')).to.equal('exact');
    expect(await serves('EXACT.wild.test.', '/')).to.equal('exact');
    for (const other of ['a.b.wild.test', 'wild.test', '.wild.test']) {
      expect(await serves(other, '/'), other).to.not.equal('wild');
    }
  });

  it('an unknown host goes to the catch-all (HOST-02, HOST-05)', async () => {
    expect(await serves('unknown.test', '/bare/x')).to.equal('bare');
    expect(await serves('unknown.test', '/')).to.equal('fallback');
    const secure = await ask({ port: sluice.https, host: 'unknown.test', path: '/bare', tls: true });
    expect(secure.status).to.equal(200);
  });

  it('every host listens on HTTP and HTTPS, with or without TLS of its own (HOST-03)', async () => {
    const answer = await ask({ port: sluice.https, host: 'paths.test', path: '/exact', tls: true });
    expect(answer.status).to.equal(200);
  });

  it('the catch-all answers the health check and, to this machine, the status page (HOST-15)', async () => {
    expect((await get('unknown.test', '/healthz')).status).to.equal(200);
    expect((await get('unknown.test', '/nginx_status')).body).to.match(/^Active connections: \d+/);
    expect(await serves('paths.test', '/healthz')).to.equal('fallback');
  });

  it('answers 503 without endpoints and without a Service, and recovers without a reload (SVC-01, DEL-02)', async () => {
    expect(await serves('paths.test', '/empty')).to.equal(503);
    expect(await serves('paths.test', '/missing')).to.equal(503);
    const pod = pods.get('web') as Pod;
    await sluice.write('empty.json', slices('empty', [pod]));
    await eventually(async () => expect(await serves('paths.test', '/empty')).to.equal('web'));
    await sluice.remove('empty.json');
    await eventually(async () => expect(await serves('paths.test', '/empty')).to.equal(503));
  });

  it('that 503 comes before other checks, such as the size of the body (SVC-02)', async () => {
    const body = Buffer.alloc(2 * 1024 * 1024);
    const ask503 = { port: sluice.http, host: 'paths.test', method: 'POST', headers: { Connection: 'close' } } as const;
    expect(
      (await ask({ ...ask503, path: '/empty', headers: { 'Content-Length': String(body.length) } })).status,
    ).to.equal(503);
  });

  it('the default backend that loses its endpoints leaves the built-in 404 (DEF-01)', async () => {
    const own = await startSluice({
      flags: ['--default-backend-service=default/fallback'],
      manifests: { 'fallback.json': workload('fallback', [pods.get('fallback') as Pod]) },
    });
    try {
      expect((await ask({ port: own.http, host: 'x.test' })).status).to.equal(200);
      await own.write('fallback.json', [service('fallback')]);
      await eventually(async () => expect((await ask({ port: own.http, host: 'x.test' })).status).to.equal(404));
    } finally {
      await own.stop();
    }
  });
});
