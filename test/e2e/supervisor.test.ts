// The socket of `sluice nginx`: who may speak there, and what the supervisor takes.
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ZodType } from 'zod';
import { hostAnswer, MAX_REQUEST_BYTES, stateAnswer } from '../../controller/apply/protocol.ts';
import { SupervisorClient, SupervisorUnavailable } from '../../controller/apply/supervisor-client.ts';
import { CONFIG_FILES, RUN_FILES } from '../../controller/render/folders.ts';
import { eventually } from '../support/eventually.ts';
import { runSluice } from '../support/sluice.ts';
import { type NginxContainer, startNginxContainer } from '../support/supervisor.ts';

const SECRET = 'x'.repeat(64);

describe('the supervisor of nginx', () => {
  let home: string;
  let folders: { confDir: string; runDir: string };
  let nginx: NginxContainer;

  const send = (
    method: string,
    path: string,
    { body = '{}', secret = SECRET }: { body?: string; secret?: string | null } = {},
  ): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const headers = secret === null ? {} : { 'Sluice-Secret': secret };
      const socketPath = join(folders.runDir, RUN_FILES.supervisor);
      const outgoing = request({ socketPath, method, path, headers, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      });
      outgoing.on('error', reject);
      outgoing.end(method === 'GET' ? undefined : body);
    });
  const statusOf = async (...args: Parameters<typeof send>): Promise<number> => (await send(...args)).status;

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'sluice-supervisor-'));
    folders = { confDir: join(home, 'conf'), runDir: join(home, 'run') };
    await mkdir(folders.confDir);
    nginx = await startNginxContainer({ ...folders, logFile: join(home, 'log'), isolation: 'none' });
    await eventually(() => stat(join(folders.runDir, RUN_FILES.supervisor)));
  });
  after(async () => {
    expect(await nginx.end('SIGTERM')).to.equal(0);
    await rm(home, { recursive: true, force: true });
  });

  it('listens in a folder that only its user can enter, and answers nobody before there is a secret, nor without it (R12)', async () => {
    expect((await stat(join(folders.runDir, 'sockets'))).mode & 0o777).to.equal(0o700);
    for (const secret of [null, '', SECRET]) expect(await statusOf('GET', '/v1/host', { secret })).to.equal(403);
    await writeFile(join(folders.confDir, CONFIG_FILES.secret), `${SECRET}\n`);
    expect(await statusOf('GET', '/v1/host')).to.equal(200);
    for (const secret of [null, '', 'y'.repeat(64), `${SECRET}x`]) {
      for (const path of ['/v1/test', '/v1/start', '/v1/stop']) {
        expect(await statusOf('POST', path, { secret })).to.equal(403);
      }
      expect(await statusOf('GET', '/v1/events', { secret })).to.equal(403);
    }
  });

  it('knows a few commands, and takes no path, option or signal from what it is sent', async () => {
    const refused: [method: string, path: string, body: string][] = [
      ['POST', '/v1/exec', '{}'],
      ['GET', '/v1/test', '{}'],
      ['POST', '/v1/test/../start', '{}'],
      ['POST', '/v1/test?file=/etc/passwd', '{}'],
      ['POST', '/v1/start', '{"listens":[{"address":"unix:/etc/x","port":80}]}'],
      ['POST', '/v1/start', '{"listens":[{"address":"0.0.0.0","port":-1}]}'],
      ['POST', '/v1/start', '{}'],
      ['POST', '/v1/alive', '{"pids":[-1]}'],
      ['POST', '/v1/alive', '{"pids":["self"]}'],
      ['POST', '/v1/stop', '{"graceMs":-5}'],
      ['POST', '/v1/stop', '{'],
      ['POST', '/v1/alive', `{"pids":[${'2,'.repeat(MAX_REQUEST_BYTES / 2)}2]}`],
    ];
    for (const [method, path, body] of refused) {
      expect(await statusOf(method, path, { body }), `${method} ${path} ${body.slice(0, 40)}`).to.be.oneOf([400, 404]);
    }
    expect(JSON.parse((await send('GET', '/v1/state')).text)).to.deep.equal({ pid: null });
  });

  it('a configuration that is not there is refused with the words of nginx, without running anything else', async () => {
    const { status, text } = await send('POST', '/v1/test', { body: '{"file":"/etc/passwd"}' });
    expect(status).to.equal(200);
    expect(JSON.parse(text)).to.have.property('outcome', 'refused');
    expect(text).to.contain('nginx.conf.next').and.not.contain('passwd');
  });

  it('the client refuses answers of another shape, and says what is wrong with the secret', async () => {
    const socket = join(folders.runDir, RUN_FILES.supervisor);
    const call = { method: 'GET', path: '/v1/state', timeoutMs: 1000 } as const;
    const never = new AbortController().signal;

    const failure = async (secret: string, answer: ZodType<object>): Promise<string> =>
      new SupervisorClient(socket, secret).call({ ...call, answer }, never).then(
        () => 'none',
        (error: unknown) => {
          expect(error).to.be.instanceOf(SupervisorUnavailable);
          return (error as Error).message;
        },
      );
    expect(await failure(SECRET, stateAnswer)).to.equal('none');
    expect(await failure(SECRET, hostAnswer)).to.contain('another shape: are both of one image?');
    expect(await failure('z'.repeat(64), stateAnswer)).to.contain('it knows another secret than ours');
  });

  it('needs its folders, and has a help of its own', async () => {
    const missing = await runSluice(['nginx']);
    expect(missing.status).to.equal(64);
    expect(missing.err).to.contain('sluice nginx needs --conf-dir=DIR');
    const help = await runSluice(['nginx', '--help']);
    expect(help.status).to.equal(0);
    for (const word of ['--conf-dir', '--run-dir', '--shutdown-grace-period']) expect(help.out).to.contain(word);
  });
});
