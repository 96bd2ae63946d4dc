// From the arguments to a command: its name, its own options, and the flags of the controller that stand between them.
import { parseArgs } from 'node:util';
import { closest, distance } from 'fastest-levenshtein';
import { argumentTypes, type CommandLine, FLAGS, parseCommandLine, UsageError, verbosity } from '../flags.ts';
import type { Command } from './command.ts';
import type { Option, Options, ValuesOf } from './option.ts';

export type Read =
  | { readonly kind: 'serve'; readonly line: CommandLine }
  | {
      readonly kind: 'command';
      readonly command: Command;
      readonly line: CommandLine;
      readonly words: readonly string[];
      readonly options: ValuesOf<Options>;
    };

/** Throws UsageError. */
export function readArguments(commands: readonly Command[], args: readonly string[]): Read {
  const at = indexOfCommand(args);
  const word = args[at];
  if (word === undefined) return { kind: 'serve', line: parseCommandLine(args) };
  const command = commandNamed(commands, word);
  const rest = args.toSpliced(at, 1);
  const { options, words, others } = takeOptions(command, rest);
  const extra = words[command.maxWords];
  if (extra !== undefined) {
    throw new UsageError(`unexpected argument ${JSON.stringify(extra)}; see sluice ${command.name} --help`);
  }
  return { kind: 'command', command, words, line: parseCommandLine(others), options };
}

/** Throws UsageError with the closest name. */
export function commandNamed(commands: readonly Command[], word: string): Command {
  const command = commands.find(({ name }) => name === word);
  if (command !== undefined) return command;
  const names = commands.map(({ name }) => name);
  const near = closest(word, names);
  const hint = distance(word, near) <= 3 ? `did you mean ${near}?` : `the commands are: ${names.join(', ')}.`;
  throw new UsageError(`unknown command ${JSON.stringify(word)}; ${hint} See sluice --help`);
}

/** The first word that is neither a flag nor the value of one. */
function indexOfCommand(args: readonly string[]): number {
  const { tokens } = parseArgs({ args: args.map(verbosity), strict: false, tokens: true, options: argumentTypes() });
  return tokens.find(({ kind }) => kind === 'positional')?.index ?? args.length;
}

interface Taken {
  readonly options: ValuesOf<Options>;
  readonly words: readonly string[];
  /** What is left for the controller's flags. */
  readonly others: readonly string[];
}

/** Takes the command's words and its own options out of the arguments. */
function takeOptions(command: Command, args: readonly string[]): Taken {
  const own = Object.entries<Option<unknown>>(command.options);
  const letters = new Map(own.flatMap(([name, { short }]) => (short === null ? [] : [[short, name] as const])));
  const types = own.map(
    ([name, { value }]) => [name, { type: value === null ? 'boolean' : 'string' } as const] as const,
  );
  const { tokens } = parseArgs({
    args: args.map((arg) => longForm(arg, letters)),
    strict: false,
    tokens: true,
    options: { ...argumentTypes(), ...Object.fromEntries(types) },
  });
  const options: Record<string, unknown> = Object.fromEntries(own.map(([name, { initial }]) => [name, initial]));
  const [words, others]: [string[], string[]] = [[], []];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const option = command.options[token.name];
    if (option === undefined) others.push(kept(command, token.name, token.value));
    else options[token.name] = readOption(token.name, option, token.value, options[token.name]);
  }
  return { options, words, others };
}

/** -o json, -o=json and -ojson as --output=json; -v as the controller's flags have it. */
function longForm(arg: string, letters: ReadonlyMap<string, string>): string {
  const [, letter = '', value = ''] = /^-([A-Za-z])=?(.*)$/s.exec(arg) ?? [];
  const name = letters.get(letter);
  if (name === undefined) return verbosity(arg);
  return value === '' ? `--${name}` : `--${name}=${value}`;
}

function readOption(name: string, option: Option<unknown>, value: string | undefined, before: unknown): unknown {
  if (value === undefined && option.value !== null) {
    throw new UsageError(`--${name} needs a value: --${name}=${option.value}`);
  }
  const read = option.read(value ?? 'true', before);
  if (!read.ok) throw new UsageError(`--${name}: ${JSON.stringify(value)} is not accepted (${read.accepts})`);
  return read.value;
}

/** The argument again, for the controller's flags; says what a command does not take. */
function kept(command: Command, name: string, value: string | undefined): string {
  const takesFlags = command.flags.length > 0;
  if (name !== 'help' && !(takesFlags && Object.hasOwn(argumentTypes(), name))) {
    const names = [...Object.keys(command.options), 'help', ...(takesFlags ? Object.keys(FLAGS) : [])];
    throw new UsageError(
      `unknown flag --${name}; did you mean --${closest(name, names)}? See sluice ${command.name} --help`,
    );
  }
  return value === undefined ? `--${name}` : `--${name}=${value}`;
}
