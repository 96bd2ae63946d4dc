// What the image is made of, as far as that shows without building it: the files that it copies, the bases that it needs, and a
// production installation that starts.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const ROOT = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

interface Instruction {
  readonly name: string;
  readonly words: readonly string[];
}

/** Instructions of a Dockerfile, one line each, without comments. */
function instructions(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const whole = lines.join('\n').replaceAll(/\\\n\s*/g, '');
  return whole
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', ...words] = line.trim().split(/\s+/);
      return { name, words };
    });
}

/** What the image copies from the project. */
function copied(of: readonly Instruction[]): string[] {
  return of
    .filter(({ name, words }) => name === 'COPY' && !words.some((word) => word.startsWith('--from=')))
    .flatMap(({ words }) => words.slice(0, -1));
}

/** Whether .dockerignore lets a path through: the last pattern that names it or a folder above decides. */
function isSent(path: string, patterns: readonly string[]): boolean {
  return patterns.reduce((sent, pattern) => {
    const isException = pattern.startsWith('!');
    const named = isException ? pattern.slice(1) : pattern;
    const matches = named === '*' || path === named || path.startsWith(`${named}/`);
    return matches ? isException : sent;
  }, true);
}

describe('the image', () => {
  const file = instructions(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
  const patterns = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const only = (name: string): string => file.find((instruction) => instruction.name === name)?.words.join(' ') ?? '';

  it('copies files that exist and that .dockerignore lets through, and nothing else is sent', () => {
    const paths = copied(file);
    expect(paths).to.include.members(['package.json', 'package-lock.json', 'controller', 'lua', 'templates', 'bin']);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).to.deep.equal([]);
    expect(paths.filter((path) => !isSent(path, patterns))).to.deep.equal([]);
    expect(
      ['test', 'node_modules', '.git', '.run', 'docs/spec', 'helm'].filter((path) => isSent(path, patterns)),
    ).to.deep.equal([]);
    const allowed = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
    expect(allowed.filter((path) => !paths.includes(path))).to.deep.equal([]);
  });

  it('names its bases by arguments, and fetches nothing else but the npm dependencies', () => {
    const stages = new Set(file.filter(({ name }) => name === 'FROM').map(({ words }) => words[2]));
    for (const { words } of file.filter(({ name }) => name === 'FROM')) {
      const [base = ''] = words;
      expect(base.startsWith('${') || stages.has(base), base).to.equal(true);
    }
    const pinned = file.filter(({ name, words }) => name === 'ARG' && words[0]?.includes('_IMAGE='));
    expect(pinned).to.have.length(2);
    for (const { words } of pinned) expect(words[0]).to.match(/=[a-z/]+:\d[\w.-]+$/);
    const commands = file.filter(({ name }) => name === 'RUN').map(({ words }) => words.join(' '));
    expect(commands.filter((command) => /\b(apt|apt-get|apk|curl|wget|pip|git|npx)\b/.test(command))).to.deep.equal([]);
    expect(commands.filter((command) => command.includes('npm ci'))[0]).to.contain('--omit=dev');
    expect(file.filter(({ name }) => name === 'ADD')).to.deep.equal([]);
  });

  it('runs as UID 101, ends on SIGTERM, and has the programs of ingress-nginx where they were', () => {
    expect(only('USER')).to.equal('101:82');
    expect(only('STOPSIGNAL')).to.equal('SIGTERM');
    expect(only('ENTRYPOINT')).to.equal('["/nginx-ingress-controller"]');
    expect(only('HEALTHCHECK')).to.contain('/healthz');
    const links = file.flatMap(({ words }) => [...words.join(' ').matchAll(/ln -s \/sluice\/(\S+) (\/\S+)/g)]);
    expect(links.map(([, , at]) => at)).to.deep.equal(['/nginx-ingress-controller', '/wait-shutdown']);
    expect(links.filter(([, target = '']) => !existsSync(join(ROOT, target)))).to.deep.equal([]);
  });

  it('the production dependencies are enough: --version and render start, and take the flags of the image', async function () {
    this.timeout(180_000);
    const folder = await mkdtemp(join(tmpdir(), 'sluice-image-'));
    try {
      for (const path of copied(file)) await cp(join(ROOT, path), join(folder, path), { recursive: true });
      // Node 24 comes from outside, as in the image; the dependencies bring one for development only.
      const PATH = [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter);
      const options = { cwd: folder, env: { ...process.env, PATH, KUBERNETES_SERVICE_HOST: '' }, timeout: 150_000 };
      const npm = ['ci', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
      await run('npm', npm, options);
      for (const name of ['node', 'mocha', 'typescript']) {
        expect(existsSync(join(folder, 'node_modules', name)), name).to.equal(false);
      }
      const program = join(folder, 'bin/in-image');
      expect((await run(program, ['--version'], options)).stdout).to.match(/^sluice \d+\.\d+\.\d+\n$/);
      expect((await run(program, ['nginx', '--help'], options)).stdout).to.contain('usage: sluice nginx');
      // Pod specs of ingress-nginx name the program once more.
      const words = ['/nginx-ingress-controller', 'render', `--manifests=${join(ROOT, 'examples/rewrite')}`];
      const { stdout } = await run(program, [...words, '--watch-ingress-without-class'], options);
      expect(stdout).to.contain('pid "/run/sluice/nginx.pid";').and.contain('# host/');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
