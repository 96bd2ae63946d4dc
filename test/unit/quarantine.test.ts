import { expect } from 'chai';
import { ConfigRefused } from '../../controller/apply/process.ts';
import { needAtLine, type Trial, testConfig } from '../../controller/apply/quarantine.ts';

/** A trial whose configuration is one line per profile; some profiles are bad, with or without a line in the message. */
function trialOf(bad: ReadonlySet<string>, { names = false, base = true } = {}): Trial & { tests: number } {
  const trial = {
    tests: 0,
    render: (needs: ReadonlySet<string>) => ({
      text: [
        '  # server shared\n',
        ...[...needs].map(
          (id) => `    # profile ${id}\n    location @${id} {\n      directive;\n    }\n    # end profile ${id}\n`,
        ),
      ].join(''),
      digest: '',
      needs,
      servers: [],
      workers: 1,
      listens: [],
    }),
    test: async ({ text }: { text: string }) => {
      trial.tests += 1;
      const lines = text.split('\n');
      const at = lines.findIndex((line) => [...bad].some((id) => line.includes(`@${id} `)));
      if (!base || at >= 0)
        throw new ConfigRefused(`nginx: [emerg] bad${names && at >= 0 ? ` in /x/nginx.conf:${at + 2}` : ''}`);
    },
  };
  return trial;
}

const ids = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `p_${i.toString(16).padStart(2, '0')}`);

describe('quarantine', () => {
  const all = new Set(ids(40));
  const known = new Set(ids(10));
  const fresh = all.difference(known);

  for (const names of [true, false]) {
    it(`finds every bad profile ${names ? 'by its line' : 'by halves'} and keeps the others`, async () => {
      const bad = new Set(['p_0c', 'p_0d', 'p_27']);
      const trial = trialOf(bad, { names });
      const { rendered, refused } = await testConfig(trial, known, fresh);
      expect([...refused.keys()].sort()).to.deep.equal([...bad]);
      expect(rendered.needs).to.deep.equal(all.difference(bad));
      expect(trial.tests).to.be.below(names ? 5 : 30);
    });
  }

  it('all good costs one test', async () => {
    const trial = trialOf(new Set());
    expect((await testConfig(trial, known, fresh)).refused.size).to.equal(0);
    expect(trial.tests).to.equal(1);
  });

  it('a configuration that is refused without any new profile is the settings’ fault', async () => {
    const error = await testConfig(trialOf(new Set(), { base: false }), known, fresh).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(ConfigRefused);
  });

  it('a line names the profile that holds it, else the server, else nothing', () => {
    const text = [
      'http {',
      '  # server shared',
      '  server {',
      '    location / {',
      '    }',
      '    # profile p_0a',
      '    location @p_0a {',
      '      x;',
      '    }',
      '    # end profile p_0a',
      '  }',
      '  # end server shared',
      '  # server n_1f',
      '  server {',
      '    ssl_ciphers x;',
      '    # profile p_0b',
      '    location @p_0b {',
      '      # a snippet that would like to blame others',
      '    # end profile p_0a',
      '    # profile p_0a',
      '  # server s_2f',
      '    # end profile p_0b',
      '    # snippet n_1f',
      '    # profile p_0b',
      '    # end snippet n_1f',
      '  }',
      '  # end server n_1f',
      '}',
    ].join('\n');
    const named = text.split('\n').map((_line, index) => needAtLine(text, index + 1));
    const none = (count: number): null[] => Array.from({ length: count }, () => null);
    const all = (need: string, count: number): string[] => Array.from({ length: count }, () => need);
    expect(named).to.deep.equal([
      ...none(5),
      ...all('p_0a', 4),
      ...none(3),
      ...all('n_1f', 3),
      ...all('n_1f/p_0b', 6),
      ...all('n_1f', 5),
      ...none(2),
    ]);
    expect(needAtLine(text, null)).to.equal(null);
  });

  it('nginx’s message is taken apart', () => {
    const refused = new ConfigRefused(
      'x\nnginx: [emerg] 12#12: unknown directive "y" in /run/nginx.conf.next:42\nnginx: configuration file … failed',
    );
    expect(refused.line).to.equal(42);
    expect(refused.reason).to.equal('unknown directive "y"');
    expect(new ConfigRefused('nginx: [emerg] unknown "z" variable').line).to.equal(null);
  });

  it('what nginx quotes of a snippet cannot pass for the line that it names', () => {
    const quoted = 'unknown directive "x in /run/nginx.conf.next:7\nnginx: configuration file y"';
    const refused = new ConfigRefused(
      `nginx: [warn] w\nnginx: [emerg] ${quoted} in /run/nginx.conf.next:42\nnginx: configuration file /run/nginx.conf.next test failed`,
    );
    expect(refused.line).to.equal(42);
    expect(refused.reason).to.equal(quoted.replace('\n', ' '));
  });
});
