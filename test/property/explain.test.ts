// sluice explain without nginx says what the Lua router says, for random objects and requests; and where it says that nginx
// itself answers, a client gets that status.
import { expect } from 'chai';
import { dataOf, selectionOf } from '../../controller/app.ts';
import { type State, stateOf } from '../../controller/apply/state.ts';
import { foresee } from '../../controller/cli/explain/canary.ts';
import { lookup } from '../../controller/cli/explain/lookup.ts';
import { phasesOf } from '../../controller/cli/explain/phases.ts';
import { type Question, questionOf } from '../../controller/cli/explain/question.ts';
import { type HostValue, valuesOfState } from '../../controller/cli/explain/values.ts';
import { askRouter } from '../../controller/explain/router.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import { Graph } from '../../controller/model/graph.ts';
import { Cluster } from '../../controller/watch/cluster.ts';
import { makePair, type Pair } from '../support/certificates.ts';
import { type Answer, ask } from '../support/client.ts';
import { type BareNginx, startBareNginx } from '../support/nginx.ts';
import { ingress, opaque, workload } from '../support/objects.ts';
import { type Random, randomObject, seeded } from '../support/random-objects.ts';

const WORLDS = Number(process.env.SLUICE_EXPLAIN_WORLDS ?? 100);
const REQUESTS = 40;
const SEED = Number(process.env.SLUICE_EXPLAIN_SEED ?? 7);
const { flags } = parseCommandLine([
  '--watch-ingress-without-class',
  '--configmap=ns1/settings',
  '--default-backend-service=ns1/web',
]);
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

const HOSTS = [
  'k.test',
  'k.test',
  'a.test',
  'A.test:81',
  'a.test.',
  'x.b.test',
  'q.b.test',
  'p.q.b.test',
  'c.test',
  'd.test',
  'www.a.test',
  'z.e.test',
  '10.0.0.1',
  '[::1]',
  'a_b',
];
const SEGMENTS = [
  'x',
  'X',
  'xx',
  'y',
  '.',
  '..',
  '',
  '%78',
  'x%2Fy',
  '%2e%2E',
  '%zz',
  '%00',
  'a%20b',
  '.well-known',
  'acme-challenge',
  't',
  'healthz',
];
const PATTERNS = ['/x(/|$)(.*)', '/[w-y]+', '/x|/y', '/x{2}', '/y?', '/(x)\\.y', '/(?i)x', '/x(', '/\\d+', '/x\\b'];

describe('sluice explain and the Lua router', function () {
  this.timeout(240_000);
  let nginx: BareNginx;
  let pairs: Pair[];

  before(async () => {
    nginx = await startBareNginx();
    pairs = [await makePair(['a.test', '*.b.test'])];
  });
  after(() => nginx?.stop());

  /** The state of random objects, every route in the one profile that is loaded. */
  async function randomState(random: Random): Promise<State> {
    const selection = selectionOf(flags);
    const cluster = new Cluster();
    const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
    const regexes = ingress({
      name: 'regexes',
      namespace: 'ns1',
      host: pick(['a.test', 'c.test', '*.b.test']),
      paths: [pick(PATTERNS), pick(PATTERNS)].map((path) => ({ path, pathType: 'ImplementationSpecific' })),
      annotations: pick([{ 'use-regex': 'true' }, { 'rewrite-target': '/$1' }, {}]),
    });
    const objects = Array.from({ length: 25 }, () => randomObject(random, pairs));
    for (const raw of [...objects, regexes, ...canaried(pick)]) {
      const result = normalise(raw, 'ns1');
      if (result.kind === 'object') cluster.put(result.object);
    }
    const model = new Graph(cluster, selection).evaluate();
    return new Map(
      [...stateOf(model, await dataOf(flags))].map(([name, text]) => {
        if (!name.startsWith('host/')) return [name, text];
        const { server: _server, native: _native, ...host } = JSON.parse(text) as HostValue;
        const routes = host.routes.map((route) => ({ ...route, profile: nginx.profile }));
        return [name, JSON.stringify({ ...host, routes })];
      }),
    );
  }

  /** A host whose backend has canaries, and passwords. */
  function canaried(pick: <T>(list: readonly T[]) => T): object[] {
    const shared = { namespace: 'ns1', host: 'k.test' };
    const users = { 'auth-type': 'basic', 'auth-secret': 'passwords', 'auth-secret-type': 'auth-map' };
    const split = pick<Record<string, string>>([
      { 'canary-weight': pick(['0', '30', '100']) },
      { 'canary-by-header': 'X-Canary', 'canary-weight': '20' },
      { 'canary-by-header': 'X-Canary', 'canary-by-header-pattern': pick(['al.*s', '(?i)ALWAYS', '[']) },
      { 'canary-by-cookie': 'canary' },
    ]);
    return [
      opaque('passwords', { alice: '{PLAIN}x' }, 'ns1'),
      ingress({ ...shared, name: 'main', paths: [{ path: '/x/', service: 'm' }, { service: 'm' }] }),
      ingress({ ...shared, name: 'locked', annotations: users, paths: [{ path: '/y', service: 'm' }] }),
      ingress({ ...shared, name: 'split', annotations: { canary: 'true', ...split }, paths: [{ service: 'n' }] }),
      ...workload('m', [{ address: '10.0.0.1', port: 80 }], 'ns1'),
      ...(pick([true, true, false]) ? workload('n', [{ address: '10.0.0.2', port: 80 }], 'ns1') : []),
    ];
  }

  function randomQuestion(random: Random): Question {
    const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
    const path = Array.from({ length: 1 + random(4) }, () => `/${pick(SEGMENTS)}`).join('');
    return questionOf(`http://${pick(HOSTS)}${path}`, {
      method: pick(['GET', 'OPTIONS', null]),
      header: pick([[], ['X-Canary: always'], ['Origin: https://o.test'], ['Authorization: Basic YTpi']]),
      cookie: pick([[], ['canary=always'], ['a=key|mark']]),
      'client-ip': '127.0.0.1',
    });
  }

  it(`agree about ${WORLDS * REQUESTS} requests to ${WORLDS} random states, and about what clients get (seed ${SEED})`, async () => {
    const random = seeded(SEED);
    const seen = {
      regex: 0,
      slash: 0,
      undecided: 0,
      canaries: 0,
      alias: 0,
      locations: 0,
      statuses: new Map<number, number>(),
    };
    for (let world = 0; world < WORLDS; world += 1) {
      const state = await randomState(random);
      const lines = [...state].sort(([a], [b]) => rank(a) - rank(b)).map(([name, text]) => `set ${name} ${text}`);
      expect((await nginx.control.apply('full', lines, soon())).kind).to.equal('applied');
      const values = valuesOfState(state);

      for (let i = 0; i < REQUESTS; i += 1) {
        const question = randomQuestion(random);
        const where = `world ${world}, ${question.method} ${question.host}${question.target}`;
        const own = await lookup(values, question);
        const { lookup: router, foreseen } = await askRouter(nginx.control, question, soon());
        if (own.kind === 'undecided') {
          seen.undecided += 1;
          continue;
        }
        expect(own, where).to.deep.equal(router);
        if (own.kind === 'refused') {
          if (own.status === 400) expect((await sent(question)).status, where).to.equal(400);
          continue;
        }
        const host = await values.host(own.host);
        const settings = await values.settings();
        const route = own.route === null ? null : (host?.routes[own.route] ?? null);
        if (host === null || settings === null) throw new Error(`${where}: no host`);
        if (route?.match === 'regex') seen.regex += 1;
        if (own.leadsToSlash) seen.slash += 1;
        if (own.isAlias) seen.alias += 1;
        const backend = route?.target.id === undefined ? null : await values.backend(route.target.id);
        if (backend?.canaries !== undefined && !own.leadsToSlash) {
          seen.canaries += 1;
          const choice = await foresee(values, question, backend);
          if (choice === 'undecided') seen.undecided += 1;
          else expect(rounded(choice), where).to.deep.equal(rounded(foreseen));
        }
        // The one profile that is loaded has neither snippets nor the question to a service.
        if (route?.policy.jumps_first === true || route?.policy.external_auth !== undefined) continue;
        const standIn = await values.backend(route?.policy.default_backend ?? '');
        const hasStandIn = standIn !== null && (standIn.endpoints.length > 0 || standIn.resolve !== undefined);
        const end =
          phasesOf({ question, settings, lookup: own, host, route, backend, hasStandIn }).at(-1)?.ends ?? null;
        // Whether a password is right is not looked at beforehand.
        if (route?.policy.basic_auth !== undefined && question.headers.has('authorization')) continue;
        if (end === null || route?.policy.error_codes?.includes(end.status) === true) continue;
        const answer = await sent(question);
        expect(answer.status, `${where}: ${JSON.stringify(route)}`).to.equal(end.status);
        // The port of a redirect is the listener's, which is an odd one here.
        if (end.location !== null && !/:\d/.test(question.host) && host.policy.leads_to === undefined) {
          expect(answer.headers.location, where).to.equal(end.location);
          seen.locations += 1;
        }
        seen.statuses.set(end.status, (seen.statuses.get(end.status) ?? 0) + 1);
      }
    }
    if (process.env.SLUICE_EXPLAIN_SHOW !== undefined)
      process.stderr.write(`${JSON.stringify({ ...seen, statuses: [...seen.statuses] })}\n`);
    // It has seen what it is about.
    expect(seen.regex, 'regex').to.be.above(20);
    expect(seen.slash, 'slash').to.be.above(0);
    expect(seen.canaries, 'canaries').to.be.above(0);
    expect(seen.alias, 'alias').to.be.above(0);
    expect(seen.locations, 'locations').to.be.above(5);
    expect(seen.undecided, 'undecided').to.be.below((WORLDS * REQUESTS) / 10);
    expect([...seen.statuses.keys()]).to.include.members([301, 302, 308, 401, 404, 503]);
  });

  const rank = (name: string): number => (name.startsWith('host/') ? 1 : 0);

  const rounded = (foreseen: unknown): unknown =>
    JSON.parse(JSON.stringify(foreseen), (_, value: unknown) =>
      typeof value === 'number' ? Number(value.toFixed(9)) : value,
    );

  function sent({ host, target, method, headers, cookies }: Question): Promise<Answer> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const all = { ...Object.fromEntries(headers), ...(cookie === '' ? {} : { cookie }) };
    return ask({ port: nginx.http, host, path: target, method, headers: all });
  }
});
