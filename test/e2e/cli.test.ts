// Sub-commands as their user runs them: help, completion, mistakes.
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { runSluice, SLUICE } from '../support/sluice.ts';

describe('sub-commands', () => {
  it('sluice help and --help say what a command does; the list has all', async () => {
    const [whole, one, same] = [
      await runSluice(['--help']),
      await runSluice(['help', 'render']),
      await runSluice(['render', '--help']),
    ];
    expect(whole.status).to.equal(0);
    expect(whole.out).to.contain('  render  ').and.contain('  completion  ');
    expect(one.out).to.match(/^sluice render: .*\n\nusage: sluice render /);
    expect(same).to.deep.equal(one);
  });

  it('a mistyped command is told the closest one, with the status of sysexits', async () => {
    const { status, out, err } = await runSluice(['rendre']);
    expect({ status, out }).to.deep.equal({ status: 64, out: '' });
    expect(err).to.equal('sluice: unknown command "rendre"; did you mean render? See sluice --help\n');
  });

  for (const shell of ['bash', 'zsh', 'fish']) {
    it(`sluice completion ${shell} prints a script that knows every command`, async () => {
      const { status, out } = await runSluice(['completion', shell]);
      expect(status).to.equal(0);
      for (const word of ['render', 'completion', 'http-port']) expect(out).to.contain(word);
      // Its own shell reads it, where it is installed.
      const check = spawnSync(shell, ['-n'], { input: out, encoding: 'utf8' });
      if (check.error === undefined) expect(check.stderr).to.equal('');
    });
  }

  it('whoever reads only the beginning of the output breaks nothing', () => {
    const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', '"$1" --help | head -1', 'bash', SLUICE], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
  });
});
