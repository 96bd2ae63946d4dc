// The table of sub-commands as a set: against the flags of the controller, and against its documentation.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { COMMANDS } from '../../controller/cli/commands.ts';
import { commandHelp } from '../../controller/cli/help.ts';
import { argumentTypes } from '../../controller/flags.ts';
import { cliPage } from '../../scripts/cli-docs.ts';

const ROOT = resolve(import.meta.dirname, '../..');

describe('the table of sub-commands', () => {
  const titles = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) => readFileSync(join(ROOT, 'test', file), 'utf8').match(/\b(it|describe)\(.*$/gm) ?? [])
    .join('\n');

  it('is documented as it is: npm run docs writes docs/cli.md', () => {
    expect(readFileSync(join(ROOT, 'docs/cli.md'), 'utf8')).to.equal(cliPage());
  });

  it('names each command once', () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(names).to.deep.equal([...new Set(names)]);
  });

  for (const command of COMMANDS) {
    it(`${command.name} has no option with the name of a flag of the controller, and one letter each`, () => {
      const names = Object.keys(command.options);
      expect(names.filter((name) => Object.hasOwn(argumentTypes(), name))).to.deep.equal([]);
      const letters = Object.values(command.options).flatMap(({ short }) => short ?? []);
      expect(letters).to.deep.equal([...new Set(letters)]);
    });

    it(`${command.name} fits lines of 140 characters, and is named by a test`, () => {
      expect(
        commandHelp(command)
          .split('\n')
          .filter((line) => line.length > 140),
      ).to.deep.equal([]);
      expect(titles).to.match(new RegExp(`\\b${command.name}\\b`));
    });
  }
});
