// In which order the annotations of one path have their say, and what of one reaches the answers of another.
import { expect } from 'chai';
import type { EchoAnswer } from '../../../examples/echo.ts';
import { type AuthService, startAuthService } from '../../support/auth-service.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { type Answer, ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { ingress, opaque, service, workload } from '../../support/objects.ts';
import { credentials, HASHES } from '../../support/passwords.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const BASIC = { 'auth-type': 'basic', 'auth-secret': 'users', 'auth-realm': 'Area' };
const ELSEWHERE = { 'allowlist-source-range': '10.0.0.0/8' };
const ONCE = { 'limit-rpm': '1', 'limit-burst-multiplier': '0' };
const ERRORS = { 'custom-http-errors': '401,403,404,503', 'default-backend': 'own' };

describe('phases of a request', () => {
  let sluice: Sluice;
  let pod: Pod;
  let own: Pod;
  let copies: AuthService;
  let auth: AuthService;
  const site = (name: string, annotations: Record<string, string>, target = 'web'): object =>
    ingress({ name, host: `${name}.test`, paths: [{ service: target }], annotations });
  const get = (host: string, more: object = {}): Promise<Answer> =>
    ask({ port: sluice.http, host: `${host}.test`, ...more });
  const echoed = ({ body }: Answer): EchoAnswer => JSON.parse(body) as EchoAnswer;
  const alice = { headers: credentials('alice', 'secret') };

  before(async () => {
    pod = await startPod('web');
    own = await startPod('own');
    copies = await startAuthService('127.0.0.1');
    auth = await startAuthService('127.0.0.1');
    const external = { 'auth-url': `http://127.0.0.1:${auth.port}/check` };
    const mirror = { 'mirror-target': `http://127.0.0.1:${copies.port}$request_uri` };
    sluice = await startSluice({
      manifests: {
        'web.json': [
          ...workload('web', [pod]),
          ...workload('own', [own]),
          service('empty'),
          opaque('users', { auth: `alice:${HASHES.apr1}\n` }),
          site('cors-basic', { ...BASIC, 'enable-cors': 'true' }),
          site('cors-listed', { ...ELSEWHERE, 'enable-cors': 'true' }),
          site('limited', { ...ELSEWHERE, ...ONCE }),
          site('limited-basic', { ...BASIC, ...ONCE }),
          site('errors-basic', { ...BASIC, ...ERRORS }),
          site('errors-listed', { ...ELSEWHERE, ...ERRORS }),
          site('errors-external', { ...external, ...ERRORS }),
          site('plain-basic', BASIC),
          site('missing', { ...BASIC, ...ELSEWHERE }, 'empty'),
          site('stand-in', { ...BASIC, 'default-backend': 'own' }, 'empty'),
          site('mirrored', { ...BASIC, ...mirror }),
          site('mirrored-external', { ...external, ...mirror }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    for (const server of [pod, own, copies, auth]) await server?.stop();
  });

  it('enable-cors: preflights bypass lists and authentication, refusals have the headers (PHASE-01, PHASE-02)', async () => {
    for (const [host, refusal] of [
      ['cors-basic', 401],
      ['cors-listed', 403],
    ] as const) {
      expect((await get(host, { method: 'OPTIONS' })).status, host).to.equal(204);
      const { status, headers } = await get(host);
      expect([status, headers['access-control-allow-origin']]).to.deep.equal([refusal, '*']);
    }
  });

  it('limit-rpm: is asked before lists and authentication (PHASE-01, GLOB-04)', async () => {
    expect([(await get('limited')).status, (await get('limited')).status]).to.deep.equal([403, 503]);
    expect([(await get('limited-basic')).status, (await get('limited-basic', alice)).status]).to.deep.equal([401, 503]);
  });

  it('custom-http-errors: refusals of lists, passwords and services for authentication are replaced (DEF-06)', async () => {
    for (const [host, code] of [
      ['errors-basic', '401'],
      ['errors-listed', '403'],
      ['errors-external', '401'],
    ] as const) {
      auth.answer = { status: 401 };
      const echo = echoed(await get(host));
      expect([echo.backend, echo.headers['x-code']], host).to.deep.equal(['own', code]);
    }
    expect(echoed(await get('errors-basic', alice))).to.include({ backend: 'web' });
    auth.answer = { status: 200 };
    expect(echoed(await get('errors-external'))).to.include({ backend: 'web' });
    // What the service itself answers is nobody's business: 404 there is an error of ours (500), and not replaced by 404.
    auth.answer = { status: 404 };
    expect((await get('errors-external')).status).to.equal(500);
  });

  it('mirror-target: only requests that may enter are copied (PHASE-01)', async () => {
    expect((await get('mirrored')).status).to.equal(401);
    auth.answer = { status: 403 };
    expect((await get('mirrored-external')).status).to.equal(403);
    auth.answer = { status: 200 };
    expect((await get('mirrored-external', { path: '/in' })).status).to.equal(200);
    expect((await get('mirrored', { ...alice, path: '/in-too' })).status).to.equal(200);
    await eventually(() => expect(copies.questions.map(({ url }) => url).sort()).to.deep.equal(['/in', '/in-too']));
  });

  it('custom-http-errors of others leave a challenge as it is', async () => {
    const { status, headers, body } = await get('plain-basic');
    expect([status, headers['www-authenticate']]).to.deep.equal([401, 'Basic realm="Area"']);
    expect(body).to.contain('401 Authorization Required');
  });

  it('a backend without endpoints is 503 before anybody is asked who they are (SVC-02)', async () => {
    expect((await get('missing')).status).to.equal(503);
  });

  it('default-backend: stands in for those who may enter only', async () => {
    expect((await get('stand-in')).status).to.equal(401);
    expect(echoed(await get('stand-in', alice))).to.include({ backend: 'own' });
  });
});
