// Completion scripts, made from the table of commands: names, options, values of closed sets, files and folders.
import { FLAGS, UsageError } from '../../flags.ts';
import type { Command } from '../command.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { zshScript } from './zsh.ts';

/** An option as shells complete it. */
export interface Candidate {
  /** "--name" or "-n". */
  readonly names: readonly string[];
  /** null for one that takes no value. */
  readonly value: string | null;
  readonly choices: readonly string[];
  readonly doc: string;
}

export interface Completed {
  /** "" for the program itself. */
  readonly command: string;
  readonly about: string;
  readonly words: readonly string[];
  readonly options: readonly Candidate[];
}

/** The script for the shell that the words name; throws UsageError. */
export async function completionFor(words: readonly string[]): Promise<string> {
  const { COMMANDS } = await import('../commands.ts');
  const table = completedOf(COMMANDS);
  const [shell] = words;
  if (shell === 'bash') return bashScript(table);
  if (shell === 'zsh') return zshScript(table);
  if (shell === 'fish') return fishScript(table);
  throw new UsageError('sluice completion takes one shell: bash, zsh or fish');
}

export function completedOf(commands: readonly Command[]): Completed[] {
  const flags = Object.entries(FLAGS).map(([name, { isBool, doc }]) => ({
    names: [`--${name}`],
    value: isBool ? null : placeholder(name),
    choices: [],
    doc,
  }));
  const program = { command: '', about: '', words: [], options: flags };
  const help: Candidate = { names: ['--help'], value: null, choices: [], doc: 'Print the help of the command.' };
  return [
    program,
    ...commands.map((command) => ({
      command: command.name,
      about: command.about,
      words: command.name === 'help' ? commands.map(({ name }) => name) : command.words,
      options: [
        ...Object.entries(command.options).map(([name, { value, choices, short, doc }]) => ({
          names: short === null ? [`--${name}`] : [`--${name}`, `-${short}`],
          value,
          choices,
          doc,
        })),
        ...flags.filter(({ names }) => command.flags.some((flag) => names[0] === `--${flag}`)),
        help,
      ],
    })),
  ];
}

/** The shells know what to offer for FILE and DIR. */
function placeholder(name: string): string {
  if (name === 'manifests' || /-dir$/.test(name)) return 'DIR';
  return name === 'kubeconfig' || name === 'certificate-authority' ? 'FILE' : 'VALUE';
}
