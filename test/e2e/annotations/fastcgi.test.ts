import { expect } from 'chai';
import { type Ask, ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type FastcgiAnswer, type FastcgiPod, startFastcgiPod } from '../../support/fastcgi.ts';
import { configMap, ingress, workload } from '../../support/objects.ts';
import { type Sluice, startSluice } from '../../support/sluice.ts';

const FCGI = { 'backend-protocol': 'fcgi' };

describe('FastCGI backends', () => {
  let sluice: Sluice;
  let pod: FastcgiPod;

  const site = (name: string, annotations: Record<string, string>): object =>
    ingress({ name, host: `${name}.test`, annotations: { ...FCGI, ...annotations } });
  const status = async (name: string): Promise<number> =>
    (await ask({ port: sluice.http, host: `${name}.test` })).status;
  const seen = async (name: string, more: Partial<Ask> = {}): Promise<FastcgiAnswer> => {
    const answer = await ask({ port: sluice.http, host: `${name}.test`, ...more });
    if (answer.status !== 201) throw new Error(`${name}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body) as FastcgiAnswer;
  };

  before(async () => {
    pod = await startFastcgiPod();
    sluice = await startSluice({
      manifests: {
        'pod.json': workload('web', [pod]),
        'sites.json': [
          site('plain', {}),
          site('index', { 'fastcgi-index': 'index.php' }),
          site('params', { 'fastcgi-index': 'index.php', 'fastcgi-params-configmap': 'params' }),
          site('full', { 'fastcgi-params-configmap': 'default/params' }),
          site('tuned', {
            'proxy-buffering': 'on',
            'proxy-next-upstream': 'error http_502 http_503',
            'proxy-body-size': '2m',
          }),
        ],
        'params.json': [
          configMap('params', {
            REDIRECT_STATUS: '204',
            SCRIPT_FILENAME: '/var/www$fastcgi_script_name',
            WHO: `a-\${remote_addr}.\${server_port}`,
          }),
        ],
        'closed.json': [
          site('missing', { 'fastcgi-params-configmap': 'late' }),
          site('slashes', { 'fastcgi-params-configmap': 'default/params/x' }),
          site('bad-name', { 'fastcgi-params-configmap': 'bad-name' }),
          site('bad-value', { 'fastcgi-params-configmap': 'bad-value' }),
          site('bad-variable', { 'fastcgi-params-configmap': 'bad-variable' }),
          site('foreign', { 'fastcgi-index': 'index.php', 'fastcgi-params-configmap': 'other/params' }),
          configMap('bad-name', { 'SCRIPT{NAME': 'x' }),
          configMap('bad-value', { NAME: 'x; y' }),
          configMap('bad-variable', { NAME: '$nginx_version' }),
        ],
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod?.stop();
  });

  it('backend-protocol FCGI: the stock parameters, the client’s own headers, and none of ours (HDR-07)', async () => {
    const { params } = await seen('plain', {
      path: '/a/b.php?x=1',
      headers: { 'X-Own': 'yes', 'Content-Type': 'text/x' },
    });
    expect(params).to.include({
      QUERY_STRING: 'x=1',
      REQUEST_METHOD: 'GET',
      CONTENT_TYPE: 'text/x',
      SCRIPT_NAME: '/a/b.php',
      REQUEST_URI: '/a/b.php?x=1',
      DOCUMENT_URI: '/a/b.php',
      SERVER_PROTOCOL: 'HTTP/1.1',
      GATEWAY_INTERFACE: 'CGI/1.1',
      REMOTE_ADDR: '127.0.0.1',
      SERVER_NAME: 'plain.test',
      REDIRECT_STATUS: '200',
      HTTP_X_OWN: 'yes',
      HTTP_HOST: 'plain.test',
    });
    expect(Object.keys(params)).to.not.include.members(['HTTPS']);
    expect(Object.keys(params).filter((name) => /^HTTP_X_(FORWARDED|REAL|REQUEST)/.test(name))).to.deep.equal([]);
  });

  it('bodies arrive, with a length and without', async () => {
    const body = Buffer.alloc(300_000, 'x');
    expect((await seen('tuned', { method: 'POST', body })).bytes).to.equal(body.length);
    const chunked = { method: 'POST', body, headers: { 'Transfer-Encoding': 'chunked' } };
    expect((await seen('tuned', chunked)).bytes).to.equal(body.length);
  });

  it('no client may set HTTP_PROXY or say who it is', async () => {
    const { params } = await seen('plain', { headers: { Proxy: 'evil:1', 'ssl-client-verify': 'SUCCESS' } });
    expect(params.HTTP_PROXY ?? '').to.equal('');
    expect(params.HTTP_SSL_CLIENT_VERIFY ?? '').to.equal('');
  });

  it('fastcgi-index: stands for URIs that end in "/"', async () => {
    expect((await seen('index', { path: '/hello/' })).params.SCRIPT_NAME).to.equal('/hello/index.php');
    expect((await seen('plain', { path: '/hello/' })).params.SCRIPT_NAME).to.equal('/hello/');
  });

  it('fastcgi-params-configmap: its entries are parameters, nginx variables filled in', async () => {
    const { params } = await seen('params', { path: '/x/' });
    expect(params).to.include({ REDIRECT_STATUS: '204', SCRIPT_FILENAME: '/var/www/x/index.php' });
    expect(params.WHO).to.equal(`a-127.0.0.1.${sluice.http}`);
    expect((await seen('full')).params).to.include({ REDIRECT_STATUS: '204', SCRIPT_FILENAME: '/var/www/' });
  });

  it('fastcgi-params-configmap: its changes are noticed (PARSE-09)', async () => {
    await sluice.write('params.json', [configMap('params', { REDIRECT_STATUS: '206' })]);
    await eventually(async () => expect((await seen('params')).params.REDIRECT_STATUS).to.equal('206'));
    expect((await seen('params')).params).to.not.have.property('SCRIPT_FILENAME');
  });

  it('fastcgi-params-configmap: without it, or with entries that are none, 503; a foreign one drops the group (PARSE-07)', async () => {
    for (const name of ['missing', 'slashes', 'bad-name', 'bad-value', 'bad-variable']) {
      expect(await status(name), name).to.equal(503);
    }
    expect((await seen('foreign', { path: '/hello/' })).params.SCRIPT_NAME).to.equal('/hello/');
    await sluice.write('late.json', [configMap('late', { X: 'y' })]);
    await eventually(async () => expect((await seen('missing')).params.X).to.equal('y'));
  });
});
