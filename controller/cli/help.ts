// Help texts, made from the table of commands and the flags; docs/cli.md is made of the same.
import { FLAGS, flagLine } from '../flags.ts';
import type { Command, FlagName, Invocation } from './command.ts';
import type { Option, Options } from './option.ts';
import { commandNamed } from './read.ts';

const WIDTH = 34;

/** The text of `sluice --help`. */
export function programHelp(commands: readonly Command[]): string {
  return [
    'Sluice: a Kubernetes Ingress controller for nginx, drop-in successor of ingress-nginx',
    '',
    'usage: sluice [flags]                          serve the cluster that this Pod runs in',
    '       sluice --kubeconfig=FILE [flags]        serve another cluster',
    '       sluice --manifests=DIR [flags]          serve the manifests of a folder',
    '       sluice COMMAND [flags]',
    '',
    'commands:',
    ...commands.map(({ name, about }) => `  ${name.padEnd(WIDTH)} ${about}`),
    '',
    'flags:',
    ...flagNames().map(flagLine),
    '',
    'sluice COMMAND --help says more of a command. Other flags of ingress-nginx are accepted with a warning. Environment:',
    'SLUICE_NGINX names another nginx binary, SLUICE_LUA_PATH and SLUICE_LUA_CPATH its Lua search paths, NO_COLOR (any value)',
    'turns colours off.',
    '',
  ].join('\n');
}

/** The text of `sluice COMMAND --help`. */
export function commandHelp(command: Command): string {
  const { name, about, usage, details, options, flags } = command;
  const usageLines = usage.map((line, i) => `${i === 0 ? 'usage:' : '      '} sluice ${name} ${line}`.trimEnd());
  return [
    `sluice ${name}: ${about}`,
    '',
    ...usageLines,
    '',
    ...(details === '' ? [] : [wrapped(details, 120), '']),
    'options:',
    ...Object.entries(options as Options).map(([option, spec]) => optionLine(option, spec)),
    `  ${'--help'.padEnd(WIDTH)} Print this help and exit.`,
    ...(flags.length === 0
      ? []
      : [
          '',
          'flags of the controller, which mean the same here (all others are accepted too):',
          ...flags.map(flagLine),
        ]),
    '',
  ].join('\n');
}

function flagNames(): FlagName[] {
  return Object.keys(FLAGS) as FlagName[];
}

function optionLine(name: string, { value, short, initial, doc }: Option<unknown>): string {
  const long = `--${name}${value === null ? '' : `=${value}`}`;
  const names = short === null ? long : `-${short}, ${long}`;
  const shown = typeof initial === 'string' || typeof initial === 'number' ? ` (${initial})` : '';
  return `  ${names.padEnd(WIDTH)} ${doc}${shown}`;
}

/** Paragraphs in lines of at most `width`; a line that starts with a blank stays as it is. */
function wrapped(text: string, width: number): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n\n')) {
    if (lines.length > 0) lines.push('');
    if (paragraph.startsWith(' ')) {
      lines.push(paragraph);
      continue;
    }
    let line = '';
    for (const word of paragraph.split(/\s+/)) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = '';
      }
      line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.join('\n');
}

/** `sluice help [COMMAND]`. */
export async function help(commands: readonly Command[], { words, streams }: Invocation<Options>): Promise<number> {
  const [word] = words;
  streams.out(word === undefined ? programHelp(commands) : commandHelp(commandNamed(commands, word)));
  return 0;
}
