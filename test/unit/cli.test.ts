import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { type Command, tool } from '../../controller/cli/command.ts';
import { bashScript } from '../../controller/cli/completion/bash.ts';
import { completedOf } from '../../controller/cli/completion/completion.ts';
import { count, OUTPUT, text, texts, toggle } from '../../controller/cli/option.ts';
import { column, printRows, withProgress } from '../../controller/cli/output.ts';
import { type Read, readArguments } from '../../controller/cli/read.ts';
import type { Streams } from '../../controller/cli/streams.ts';
import { UsageError } from '../../controller/flags.ts';
import { recorded } from '../support/streams.ts';

const look = tool({
  name: 'look',
  about: 'look at something',
  usage: ['THING [flags]'],
  details: '',
  maxWords: 1,
  words: ['far', 'near'],
  options: {
    output: OUTPUT,
    from: text('FILE', 'Where to look.'),
    header: texts('NAME:VALUE', 'A header.'),
    twice: toggle('Look twice.'),
    most: count('N', 'At most so many.'),
  },
  flags: ['manifests', 'http-port'],
  run: () => Promise.resolve(0),
});
const bare = tool({ ...look, name: 'bare', words: [], maxWords: 0, options: {}, flags: [] });
const TABLE: readonly Command[] = [look, bare];

function read(...args: string[]): Extract<Read, { kind: 'command' }> {
  const found = readArguments(TABLE, args);
  if (found.kind !== 'command') throw new Error('no command');
  return found;
}

describe('arguments of sub-commands', () => {
  it('options stand before and behind words, with and without "=", beside flags of the controller', () => {
    const { options, words, line } = read(
      '--http-port',
      '81',
      'look',
      '--from=a',
      'far',
      '--header',
      'A: 1',
      '--twice',
    );
    expect(options).to.deep.equal({ output: 'table', from: 'a', header: ['A: 1'], twice: true, most: null });
    expect(words).to.deep.equal(['far']);
    expect(line.flags['http-port']).to.equal(81);
  });

  it('a letter takes its value in every way, -v stays the verbosity, a repeated text is a list', () => {
    for (const args of [['-o', 'json'], ['-o=json'], ['-ojson'], ['--output', 'json']]) {
      expect(read('look', ...args, '-v=2').options['output']).to.equal('json');
    }
    expect(read('look', '-v', '3').line.flags.v).to.equal(3);
    expect(read('look', '--header=A: 1', '--header', 'B: 2').options['header']).to.deep.equal(['A: 1', 'B: 2']);
    expect(read('look', '-').words).to.deep.equal(['-']);
  });

  it('a flag of ingress-nginx that does nothing is a warning here, too', () => {
    expect(read('look', '--profiler-port=1', 'far').line.warnings.join()).to.contain('--profiler-port has no effect');
  });

  it('no word means to serve', () => {
    expect(readArguments(TABLE, ['--http-port=81', '--ingress-class', 'look']).kind).to.equal('serve');
  });

  const refusals: [title: string, args: string[], message: string][] = [
    ['a command that is nearly one', ['lok'], 'unknown command "lok"; did you mean look?'],
    ['a command that is none', ['something'], 'the commands are: look, bare.'],
    ['an option that is nearly one', ['look', '--fron=a'], 'unknown flag --fron; did you mean --from?'],
    ['a flag of the controller where none is taken', ['bare', '--http-port=1'], 'unknown flag --http-port'],
    ['a word too many', ['look', 'far', 'near'], 'unexpected argument "near"; see sluice look --help'],
    ['a value that is none of the choices', ['look', '-o', 'xml'], '--output: "xml" is not accepted (table, wide'],
    ['a missing value', ['look', '--from'], '--from needs a value: --from=FILE'],
    ['a value for a toggle', ['look', '--twice=3'], '--twice: "3" is not accepted'],
    ['a count that is none', ['look', '--most=-1'], '--most: "-1" is not accepted (a whole number)'],
  ];
  for (const [title, args, message] of refusals) {
    it(`refuses ${title}`, () => expect(() => readArguments(TABLE, args)).to.throw(UsageError, message));
  }
});

describe('output of sub-commands', () => {
  const rows = [
    { name: 'a', requests: 5, note: 'fine' },
    { name: 'long-name', requests: 1234, note: 'a longer note\u001b[2J' },
  ];
  const columns = [
    column<(typeof rows)[number]>('NAME', ({ name }) => name),
    column<(typeof rows)[number]>('REQUESTS', ({ requests }) => String(requests), { align: 'right' }),
    column<(typeof rows)[number]>('NOTE', ({ note }) => note, { shown: 'wide' }),
  ];

  it('a table has aligned columns; -o wide has more; control characters never reach the terminal', () => {
    const streams = recorded();
    printRows(streams, 'table', rows, columns);
    expect(streams.written.out).to.equal('NAME       REQUESTS\na                 5\nlong-name      1234\n');
    const wide = recorded();
    printRows(wide, 'wide', rows, columns);
    expect(wide.written.out).to.contain('NOTE').and.contain('a longer note\ufffd[2J').and.not.contain('\u001b');
  });

  it('the last column is cut where the terminal ends', () => {
    const streams = recorded({ width: 30 });
    printRows(streams, 'wide', rows, columns);
    expect(streams.written.out.split('\n').map((line) => [...line].length)).to.satisfy((lengths: number[]) =>
      lengths.every((length) => length <= 30),
    );
    expect(streams.written.out).to.contain('…');
  });

  it('-o json and -o yaml print the rows', () => {
    const json = recorded();
    printRows(json, 'json', rows.slice(0, 1), columns);
    expect(JSON.parse(json.written.out)).to.deep.equal(rows.slice(0, 1));
    const yaml = recorded();
    printRows(yaml, 'yaml', rows.slice(0, 1), columns);
    expect(yaml.written.out).to.equal('- name: a\n  requests: 5\n  note: fine\n');
  });

  it('nothing is said of progress where nobody watches, nor where work ends at once', async () => {
    for (const isWatched of [false, true]) {
      const streams: Streams & { written: { err: string } } = recorded({ isWatched });
      expect(await withProgress(streams, 'reading', Promise.resolve(7))).to.equal(7);
      expect(streams.written.err).to.equal('');
    }
  });
});

describe('completion', () => {
  const script = bashScript(completedOf(TABLE));
  /** What bash offers for the last of the words. */
  const offered = (...words: string[]): string[] => {
    const program = `${script}\ncompopt() { :; }\nCOMP_WORDS=("$@")\nCOMP_CWORD=$(($# - 1))\n_sluice\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', program, 'bash', ...words], { encoding: 'utf8' })
      .split('\n')
      .filter((word) => word !== '');
  };

  it('bash: commands and flags of the program', () => {
    expect(offered('sluice', 'lo')).to.deep.equal(['look']);
    expect(offered('sluice', '--http-p')).to.deep.equal(['--http-port=']);
  });

  it('bash: words and options of a command, and values of a closed set in both forms', () => {
    expect(offered('sluice', 'look', '')).to.include.members(['far', 'near', '--output=', '-o', '--twice']);
    expect(offered('sluice', 'look', '--output', '=', 'js')).to.deep.equal(['json']);
    expect(offered('sluice', 'look', '-o', 'y')).to.deep.equal(['yaml']);
    expect(offered('sluice', 'bare', '--')).to.deep.equal(['--help']);
  });
});
