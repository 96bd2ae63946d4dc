// How address lists, basic and external authentication combine: every combination, with every kind of visitor.
import { expect } from 'chai';
import { type AuthService, startAuthService } from '../../support/auth-service.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { ask, askEcho } from '../../support/client.ts';
import { ingress, opaque, site, workload } from '../../support/objects.ts';
import { credentials } from '../../support/passwords.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

/** What the address lists say of 127.0.0.1: let in, kept out, or (true to none) nothing. */
const LISTS = {
  none: { annotations: {}, verdict: null },
  allowed: { annotations: { 'allowlist-source-range': '127.0.0.0/8' }, verdict: true },
  'not allowed': { annotations: { 'allowlist-source-range': '192.0.2.0/24' }, verdict: false },
  denied: { annotations: { 'denylist-source-range': '127.0.0.1' }, verdict: false },
  'not denied': { annotations: { 'denylist-source-range': '192.0.2.0/24' }, verdict: null },
} as const;

const VISITORS = {
  nobody: {},
  'a wrong password': credentials('alice', 'wrong'),
  alice: credentials('alice', 'secret'),
} as const;

const ANSWERS = [200, 401, 403] as const;

interface Combination {
  readonly satisfy: 'all' | 'any' | null;
  readonly list: keyof typeof LISTS;
  readonly basic: boolean;
  readonly external: boolean;
}

const COMBINATIONS: readonly Combination[] = ([null, 'all', 'any'] as const).flatMap((satisfy) =>
  (Object.keys(LISTS) as (keyof typeof LISTS)[]).flatMap((list) =>
    [false, true].flatMap((basic) => [false, true].map((external) => ({ satisfy, list, basic, external }))),
  ),
);

/** What the specification says: 200, or the status of the refusal. */
function expected(
  { satisfy, list, basic, external }: Combination,
  visitor: keyof typeof VISITORS,
  answer: number,
): number {
  const { verdict } = LISTS[list];
  const checks: readonly { readonly passes: boolean; readonly status: number }[] = [
    ...(verdict === null ? [] : [{ passes: verdict, status: 403 }]),
    ...(basic ? [{ passes: visitor === 'alice', status: 401 }] : []),
    ...(external ? [{ passes: answer === 200, status: answer }] : []),
  ];
  if (satisfy === 'any') {
    if (checks.length === 0 || checks.some(({ passes }) => passes)) return 200;
    // As nginx does: whoever can still sign in is asked to.
    return checks.some(({ status }) => status === 401) ? 401 : 403;
  }
  return checks.find(({ passes }) => !passes)?.status ?? 200;
}

describe('satisfy', () => {
  let sluice: Sluice;
  let pod: Pod;
  let auth: AuthService;
  const hostOf = (combination: Combination): string => `c${COMBINATIONS.indexOf(combination)}.test`;

  before(async () => {
    pod = await startPod('web', '127.0.0.63');
    auth = await startAuthService('127.0.0.64');
    const url = `http://127.0.0.64:${auth.port}/`;
    const sites = COMBINATIONS.map((combination) =>
      ingress({
        name: hostOf(combination).replace('.test', ''),
        host: hostOf(combination),
        annotations: {
          ...LISTS[combination.list].annotations,
          ...(combination.satisfy === null ? {} : { satisfy: combination.satisfy }),
          ...(combination.basic ? { 'auth-type': 'basic', 'auth-secret': 'users', 'auth-realm': 'r' } : {}),
          ...(combination.external ? { 'auth-url': url, 'auth-response-headers': 'X-User' } : {}),
        },
      }),
    );
    const all = { 'auth-type': 'basic', 'auth-secret': 'users', 'auth-url': url, 'auth-signin': 'http://sso.test/' };
    sluice = await startSluice({
      manifests: {
        'sites.json': [
          opaque('users', { auth: 'alice:{PLAIN}secret' }),
          ...sites,
          ...workload('web', [pod]),
          ...site('signin-any', [pod], { ...all, satisfy: 'any', 'allowlist-source-range': '192.0.2.1' }),
          ...site('signin-all', [pod], { ...all, satisfy: ' all ' }),
          ...site('typo', [pod], { ...all, satisfy: 'ANY', 'allowlist-source-range': '127.0.0.1' }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
    await auth.stop();
  });

  for (const combination of COMBINATIONS) {
    const { satisfy, list, basic, external } = combination;
    const guards = [`list ${list}`, ...(basic ? ['basic'] : []), ...(external ? ['external'] : [])].join(', ');
    it(`satisfy ${satisfy ?? '(absent)'}: ${guards} (R19)`, async () => {
      for (const visitor of Object.keys(VISITORS) as (keyof typeof VISITORS)[]) {
        for (const answer of external ? ANSWERS : ([200] as const)) {
          auth.answer = { status: answer, headers: { 'X-User': 'bob' } };
          const response = await ask({
            port: sluice.http,
            host: hostOf(combination),
            headers: { ...VISITORS[visitor], 'X-User': 'evil' },
          });
          const wanted = expected(combination, visitor, answer);
          expect(response.status, `${visitor}, the service says ${answer}`).to.equal(wanted);
          if (wanted === 401 && basic) {
            const isAnswered = satisfy !== 'any' && visitor === 'alice';
            const challenge = isAnswered ? undefined : 'Basic realm="r"';
            expect(response.headers['www-authenticate'], `${visitor}, ${answer}`).to.equal(challenge);
          }
          if (wanted === 200) {
            const { headers } = JSON.parse(response.body) as { headers: Record<string, string> };
            if (external) expect(headers['x-user'], 'a forged header').to.not.equal('evil');
            if (basic) expect(headers, 'a password for the backend').to.not.have.property('authorization');
          }
        }
      }
    });
  }

  it('satisfy with auth-signin: who fails everything is redirected', async () => {
    auth.answer = { status: 401 };
    for (const host of ['signin-any.test', 'signin-all.test']) {
      const response = await ask({ port: sluice.http, host, path: '/x' });
      expect([response.status, response.headers.location], host).to.deep.equal([
        302,
        `http://sso.test/?rd=http://${host}%2Fx`,
      ]);
    }
    const headers = credentials('alice', 'secret');
    expect((await askEcho({ port: sluice.http, host: 'signin-any.test', headers })).backend).to.equal('web');
    expect((await ask({ port: sluice.http, host: 'signin-all.test', headers })).status).to.equal(302);
  });

  it('satisfy: a word that is not understood means all', async () => {
    auth.answer = { status: 200 };
    expect((await ask({ port: sluice.http, host: 'typo.test' })).status).to.equal(302);
  });

  it('satisfy any: nobody is asked who need not be', async () => {
    const combination = COMBINATIONS.find(
      ({ satisfy, list, external }) => satisfy === 'any' && list === 'allowed' && external,
    );
    expect(combination).to.not.equal(undefined);
    if (combination === undefined) return;
    const before = auth.questions.length;
    expect((await ask({ port: sluice.http, host: hostOf(combination) })).status).to.equal(200);
    expect(auth.questions.length).to.equal(before);
  });
});
