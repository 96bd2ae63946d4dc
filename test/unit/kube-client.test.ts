// Where the API server is, who we are there, and what is said when that does not work out.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Access, AccessError, kubeConfigOf } from '../../controller/kube/access.ts';
import { ApiError } from '../../controller/kube/api-error.ts';
import { ApiClient } from '../../controller/kube/client.ts';
import { ApiUnavailable, ATTEMPTS, reachApi } from '../../controller/kube/reach.ts';
import { TokenBucket } from '../../controller/kube/token-bucket.ts';
import { type ApiServerDouble, type ApiServerOptions, startApiServer } from '../support/kube/server.ts';
import { freePorts } from '../support/ports.ts';

const NOTHING: Access = { kubeconfig: null, apiServer: null, certificateAuthority: null };
const SERVICES = '/api/v1/services';
const QUICK = { ...ATTEMPTS, count: 3, pauseMs: 5 };

describe('client of the API server', () => {
  let folder: string;
  let server: ApiServerDouble | null = null;
  const clients: ApiClient[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-client-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await server?.stop();
    server = null;
  });

  async function start(options: ApiServerOptions): Promise<ApiServerDouble> {
    server = await startApiServer(options);
    return server;
  }

  async function file(name: string, text: string): Promise<string> {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  }

  async function clientOf(access: Partial<Access>): Promise<ApiClient> {
    const config = await kubeConfigOf({ ...NOTHING, ...access });
    const client = new ApiClient(config, new TokenBucket(1000, 1000, performance.now()));
    clients.push(client);
    return client;
  }

  async function failure(promise: Promise<unknown>): Promise<Error> {
    return promise.then(
      () => {
        throw new Error('it was expected to fail');
      },
      (error: Error) => error,
    );
  }

  const ask = (idleMs = 5000) => ({ signal: new AbortController().signal, idleMs });

  it('goes by a kubeconfig with a token, over TLS with its own authority', async () => {
    const { token } = { token: 'secret-token' };
    const double = await start({ scheme: 'https', token });
    const client = await clientOf({ kubeconfig: await file('tls', double.kubeconfig()) });
    expect(await client.json(SERVICES, ask())).to.include({ kind: 'ServiceList' });
    expect(double.requests()[0]?.headers).to.include({ authorization: `Bearer ${token}`, 'user-agent': 'sluice' });
  });

  it('--certificate-authority goes with --apiserver-host', async () => {
    const double = await start({ scheme: 'https' });
    const certificateAuthority = await file('ca.crt', double.authority ?? '');
    const client = await clientOf({ apiServer: double.url, certificateAuthority });
    expect(await client.json(SERVICES, ask())).to.include({ kind: 'ServiceList' });
    const distrustful = await clientOf({ apiServer: double.url });
    const error = await failure(distrustful.json(SERVICES, ask()));
    expect(error).to.be.instanceOf(ApiError);
    expect(error).to.have.property('code', 'DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('--apiserver-host overrides the server of the kubeconfig', async () => {
    const double = await start({ token: 'a' });
    const kubeconfig = await file('override', double.kubeconfig().replace(double.url, 'https://nowhere.invalid'));
    const client = await clientOf({ kubeconfig, apiServer: double.url });
    expect(await client.json(SERVICES, ask())).to.include({ kind: 'ServiceList' });
  });

  it('says what is wrong with a kubeconfig', async () => {
    const missing = await failure(kubeConfigOf({ ...NOTHING, kubeconfig: join(folder, 'missing') }));
    expect(missing).to.be.instanceOf(AccessError);
    expect(missing.message).to.match(/^--kubeconfig: .*missing cannot be read: ENOENT/);
    const broken = await failure(kubeConfigOf({ ...NOTHING, kubeconfig: await file('broken', 'clusters: [') }));
    expect(broken.message).to.match(/^--kubeconfig: .*broken cannot be read/);
    const empty = await failure(kubeConfigOf({ ...NOTHING, kubeconfig: await file('empty', 'kind: Config\n') }));
    expect(empty.message).to.contain('current-context names no cluster');
    const address = await failure(kubeConfigOf({ ...NOTHING, apiServer: 'ftp://x' }));
    expect(address.message).to.contain('is no URL such as');
  });

  it('an error has code, path, status and the reason of the server', async () => {
    const double = await start({});
    double.fault({ kind: 'forbidden' });
    const client = await clientOf({ apiServer: double.url });
    const error = await failure(client.json(`${SERVICES}?limit=1`, ask()));
    expect(error).to.include({ code: 'http-403', status: 403, path: `${SERVICES}?limit=1`, retryAfterMs: null });
    expect(error.message).to.match(/^GET \/api\/v1\/services\?limit=1 failed: 403 services is forbidden: User/);
    double.clearFaults();
    double.fault({ kind: 'too-many-requests', retryAfterSeconds: 7 });
    expect(await failure(client.json(SERVICES, ask()))).to.include({ code: 'http-429', retryAfterMs: 7000 });
  });

  it('gives up silence, and stops at the signal', async () => {
    const double = await start({});
    const client = await clientOf({ apiServer: double.url });
    double.fault({ kind: 'silent' });
    expect(await failure(client.json(SERVICES, ask(50)))).to.include({ code: 'idle', path: SERVICES });
    const end = new AbortController();
    const asked = failure(client.json(SERVICES, { signal: end.signal, idleMs: 60_000 }));
    end.abort(new Error('enough'));
    expect(await asked).to.have.property('message', 'enough');
  });

  it('tries for a while at the start, and then says what to do', async () => {
    const [port] = (await freePorts(1)) as [number];
    const client = await clientOf({ apiServer: `http://127.0.0.1:${port}` });
    const pauses: number[] = [];
    const { signal } = new AbortController();
    const error = await failure(reachApi(client, QUICK, ({ pauseMs }) => pauses.push(pauseMs), signal));
    expect(error).to.be.instanceOf(ApiUnavailable);
    expect(pauses).to.deep.equal([5, 7.5]);
    expect(error.message)
      .to.contain(`http://127.0.0.1:${port} did not answer in 3 attempts: GET /version failed: connect ECONNREFUSED`)
      .and.contain('check the address');
  });

  it('is content once the server answers, and knows its version', async () => {
    const double = await start({ token: 'a' });
    const client = await clientOf({ kubeconfig: await file('version', double.kubeconfig()) });
    const { signal } = new AbortController();
    double.setToken('b');
    const refused = await failure(reachApi(client, QUICK, () => double.setToken('c'), signal));
    expect(refused.message).to.contain('401').and.contain('its credentials are refused');
    const version = await reachApi(client, { ...QUICK, count: 2 }, () => double.setToken('a'), signal);
    expect(version).to.match(/^v1\.\d+/);
  });

  it('tells of an authority that is not trusted', async () => {
    const double = await start({ scheme: 'https' });
    const client = await clientOf({ apiServer: double.url });
    const error = await failure(reachApi(client, QUICK, () => undefined, new AbortController().signal));
    expect(error.message).to.contain('name the authority that signed its certificate');
  });
});
