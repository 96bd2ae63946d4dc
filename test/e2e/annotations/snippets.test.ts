import { expect } from 'chai';
import { inspectNginx } from '../../../controller/apply/binary.ts';
import { type Pod, startPod } from '../../support/backends.ts';
import { type Answer, ask, askEcho } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { configMap, ingress, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const BOTH = { 'allow-snippet-annotations': 'true', 'annotations-risk-level': 'Critical' };

describe('configuration-snippet', () => {
  let web: Pod;
  let other: Pod;
  let sluice: Sluice;

  /** An Ingress whose host is "<name>.test". */
  const site = (name: string, snippet: string, more: Partial<Parameters<typeof ingress>[0]> = {}): object =>
    ingress({
      name,
      host: `${name}.test`,
      ...more,
      annotations: { 'configuration-snippet': snippet, ...more.annotations },
    });
  const get = (name: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ port: sluice.http, host: `${name}.test`, path, headers });
  const echo = (name: string, path = '/', headers: Record<string, string> = {}) =>
    askEcho({ port: sluice.http, host: `${name}.test`, path, headers });
  const config = (): Promise<string> => sluice.config();

  before(async () => {
    [web, other] = await Promise.all([startPod('web'), startPod('other')]);
    sluice = await startSluice({
      flags: ['--configmap=default/settings'],
      manifests: {
        'settings.json': [configMap('settings', BOTH)],
        'pods.json': [...workload('web', [web]), ...workload('other', [other])],
        'sites.json': [
          ingress({ name: 'plain', host: 'plain.test' }),
          site('headers', 'proxy_set_header X-Added "a b";\nproxy_set_header X-Real-IP 192.0.2.7; # ours goes\n'),
          site('hidden', 'add_header X-One 1;\nadd_header X-Two "{2}";\nproxy_hide_header Content-Type;'),
          site('filter', 'sub_filter \'"backend": "web"\' \'"backend": "themed"\';\nsub_filter_types *;'),
          site('refuse', 'if ($http_x_deny = "}") { return 403; }\nif ($arg_to) { return 302 /there?from=$uri; }'),
          site('rewrite', 'rewrite ^/old(.*)$ /new$1 break;'),
          site('last', 'rewrite ^/a/(.*)$ /b/$1;', { paths: [{ path: '/a' }, { path: '/b', service: 'other' }] }),
          site('loop', 'rewrite ^(.*)$ $1x last;'),
          site('tls', 'if ($uri = /plain) { return 200 plain; }\nif ($uri = /skip) { break; }', {
            annotations: { 'force-ssl-redirect': 'true' },
          }),
          site('none', 'add_header X-Snippet yes always;\nif ($arg_own) { return 200 own; }', {
            paths: [{ service: 'missing' }],
          }),
          site('limits', 'client_max_body_size 10;\nproxy_read_timeout 60;\nproxy_buffering on;', {
            annotations: { 'proxy-buffering': 'off', 'proxy-body-size': '8m' },
          }),
          site('errors', 'proxy_intercept_errors on;\nerror_page 404 /instead;', {
            paths: [{ path: '/' }, { path: '/instead', service: 'other' }],
          }),
          site(
            'variables',
            'return 200 "$namespace/$ingress_name $service_name:$service_port $location_path $proxy_upstream_name $escaped_request_uri $literal_dollar $block_ua$block_ref";',
            {
              paths: [{ path: '/v' }],
            },
          ),
          site(
            'known',
            'proxy_set_header X-Known "$namespace $req_id $best_http_host $pass_access_scheme $pass_port $pass_server_port $full_x_forwarded_for $loggable";',
          ),
          ingress({
            name: 'wild',
            host: '*.wild.test',
            annotations: { 'configuration-snippet': 'return 200 "[$subdomain]";' },
          }),
          site('access', 'deny 127.0.0.1;\nlimit_except GET { deny all; }', {
            annotations: { 'proxy-body-size': '3m' },
          }),
          site('allow', 'allow 127.0.0.0/8;\ndeny all;\nexpires 10s;'),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await Promise.all([web.stop(), other.stop()]);
  });

  it('configuration-snippet: proxy_set_header adds to the headers for the backend, and takes the place of ours', async () => {
    const { headers } = await echo('headers');
    expect(headers).to.include({ 'x-added': 'a b', 'x-real-ip': '192.0.2.7', host: 'headers.test' });
    expect(headers['x-forwarded-for']).to.equal('127.0.0.1');
    expect(headers['x-request-id']).to.match(/^[0-9a-f]{32}$/);
  });

  it('configuration-snippet: add_header, proxy_hide_header and sub_filter work on the response', async () => {
    const { headers } = await get('hidden');
    expect(headers).to.include({ 'x-one': '1', 'x-two': '{2}' });
    expect(headers).to.not.have.property('content-type');
    expect(await echo('filter')).to.include({ backend: 'themed' });
  });

  it('configuration-snippet: if and return answer by themselves', async () => {
    expect(await echo('refuse')).to.include({ backend: 'web' });
    expect((await get('refuse', '/', { 'X-Deny': '}' })).status).to.equal(403);
    const redirect = await get('refuse', '/p?to=1');
    expect(redirect.status).to.equal(302);
    expect(redirect.headers.location).to.match(/\/there\?from=\/p$/);
  });

  it('configuration-snippet: rewrite changes what the backend sees, or leads to another path', async () => {
    expect(await echo('rewrite', '/old/x?q=1')).to.include({ url: '/new/x?q=1' });
    expect(await echo('rewrite', '/other')).to.include({ url: '/other' });
    expect(await echo('last', '/a/x')).to.include({ backend: 'other', url: '/b/x' });
    expect(await echo('last', '/b/y')).to.include({ backend: 'other', url: '/b/y' });
    expect((await get('loop')).status).to.equal(500);
  });

  it('configuration-snippet: comes before the redirect to HTTPS, which a break does not skip (PHASE-01)', async () => {
    expect(await get('tls', '/plain')).to.include({ status: 200, body: 'plain' });
    expect((await get('tls', '/other')).headers.location).to.equal('https://tls.test/other');
    expect((await get('tls', '/skip')).headers.location).to.equal('https://tls.test/skip');
  });

  it('configuration-snippet: comes before the 503 of a Service without endpoints (PHASE-01)', async () => {
    const answer = await get('none');
    expect(answer.status).to.equal(503);
    expect(answer.headers['x-snippet']).to.equal('yes');
    expect(await get('none', '/?own=1')).to.include({ status: 200, body: 'own' });
  });

  it('configuration-snippet: a directive that the location has anyway is the snippet’s', async () => {
    const post = (body: string): Promise<Answer> =>
      ask({ port: sluice.http, host: 'limits.test', method: 'POST', body });
    expect((await post('0123456789')).status).to.equal(200);
    expect((await post('0123456789+')).status).to.equal(413);
    expect(await config()).to.contain('proxy_buffering on;');
  });

  it('configuration-snippet: error_page, allow, deny, limit_except and expires work', async () => {
    expect((await get('access')).status).to.equal(403);
    const allowed = await get('allow');
    expect(allowed.status).to.equal(200);
    expect(allowed.headers['cache-control']).to.equal('max-age=10');
    expect((await get('errors')).status).to.equal(200);
  });

  it('configuration-snippet: reads the variables about its route', async () => {
    const { body } = await get('variables', '/v/x?a=b');
    expect(body).to.equal('default/variables web:80 /v default-web-80 %2Fv%2Fx%3Fa%3Db $ 00');
    const known = String((await echo('known')).headers['x-known']);
    expect(known).to.match(
      new RegExp(`^default [0-9a-f]{32} known\\.test http ${sluice.http} ${sluice.http} 127\\.0\\.0\\.1 1$`),
    );
    expect((await ask({ port: sluice.http, host: 'a.wild.test' })).body).to.equal('[a]');
  });

  it('configuration-snippet: more_set_headers', async function () {
    const { abilities } = await inspectNginx(process.env);
    if (!abilities.headersMore) this.skip();
    await sluice.write('more.json', [
      site(
        'more',
        'more_set_headers "Foo: Bar";\nmore_set_headers -s "404 200" "X-Status: known";\nmore_clear_headers X-Two;',
      ),
    ]);
    await eventually(async () => expect((await get('more')).headers).to.include({ foo: 'Bar', 'x-status': 'known' }));
  });

  it('others have nothing of it: same snippet, same profile; none, none', async () => {
    const text = await config();
    expect(text.split('X-Added').length - 1).to.equal(1);
    expect((await echo('plain')).headers).to.not.have.property('x-added');
  });

  describe('one that nginx refuses', () => {
    const BAD: Readonly<Record<string, readonly [snippet: string, says: string]>> = {
      'bad-variable': ['add_header X "$no_such_variable";', 'unknown "no_such_variable" variable'],
      'bad-directive': ['no_such_directive on;', 'unknown directive "no_such_directive"'],
      'bad-duplicate': ['sub_filter_once on;\nsub_filter_once off;', '"sub_filter_once" directive is duplicate'],
      'bad-context': ['worker_processes 2;', '"worker_processes" directive is not allowed here'],
      'bad-argument': ['return nothing "x\ny in /nginx.conf:1";', 'invalid return code "nothing"'],
    };

    it('configuration-snippet: is a Problem that names the Ingress; its paths answer 503; all others go on', async () => {
      await sluice.write('bad.json', [
        site('good-before', 'add_header X-Good before;'),
        ...Object.entries(BAD).map(([name, [snippet]]) => site(name, snippet)),
        site('good-after', 'add_header X-Good after;'),
      ]);
      await eventually(async () => expect((await get('good-after')).headers['x-good']).to.equal('after'), 20_000);
      expect((await get('good-before')).headers['x-good']).to.equal('before');
      for (const [name, [, says]] of Object.entries(BAD)) {
        await eventually(async () => expect((await get(name)).status, name).to.equal(503));
        const line = (await sluice.logs()).err.split('\n').find((one) => one.includes(`Ingress default/${name}:`));
        expect(line, name).to.contain('directives-refused').and.contain(says);
      }
    });

    it('configuration-snippet: keeps the last good version', async () => {
      await sluice.write('edited.json', [site('edited', 'add_header X-Good first;')]);
      await eventually(async () => expect((await get('edited')).headers['x-good']).to.equal('first'));
      await sluice.write('edited.json', [site('edited', 'add_header X-Good;')]);
      await eventually(async () => expect((await sluice.logs()).err).to.match(/default\/edited:.*"add_header"/));
      expect((await get('edited')).headers['x-good']).to.equal('first');
      await sluice.write('edited.json', [site('edited', 'add_header X-Good second;')]);
      await eventually(async () => expect((await get('edited')).headers['x-good']).to.equal('second'));
    });

    it('configuration-snippet: what we refuse never reaches nginx, and the version before goes on', async () => {
      await sluice.write('edited.json', [site('edited', 'add_header X-Good third; }\nlocation /evil {')]);
      await eventually(async () =>
        expect((await sluice.logs()).err).to.match(/default\/edited: annotation configuration-snippet: .*has no "\{"/),
      );
      expect((await get('edited')).headers['x-good']).to.equal('second');
      expect(await config()).to.not.contain('/evil');
    });
  });

  describe('the switches', () => {
    const settings = (data: Record<string, string>): Promise<void> =>
      sluice.write('settings.json', [configMap('settings', data)]);

    it('configuration-snippet: without allow-snippet-annotations it is left out, with a Problem, and the rest is served (SNIP-02, SNIP-03)', async () => {
      await settings({ 'annotations-risk-level': 'Critical' });
      await eventually(async () => expect((await get('hidden')).headers).to.not.have.property('x-one'));
      expect((await get('hidden')).status).to.equal(200);
      expect((await sluice.logs()).err).to.match(
        /annotation-forbidden: Ingress default\/hidden: annotation configuration-snippet is left out/,
      );
    });

    it('configuration-snippet: above the risk level the Ingress is not accepted (SNIP-02)', async () => {
      await settings({ 'allow-snippet-annotations': 'true' });
      await eventually(async () => expect((await get('hidden')).status).to.equal(404));
      expect((await get('plain')).status).to.equal(200);
      await settings(BOTH);
      await eventually(async () => expect((await get('hidden')).headers['x-one']).to.equal('1'));
    });
  });
});
