// Completion for fish: a line each.
import type { Candidate, Completed } from './completion.ts';

export function fishScript(table: readonly Completed[]): string {
  const names = table.map(({ command }) => command).filter((name) => name !== '');
  const lines = table.flatMap(({ command, about, words, options }) => {
    const here = command === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${command}`;
    return [
      ...(command === '' ? [] : [`complete -c sluice -n __fish_use_subcommand -f -a ${command} -d ${quote(about)}`]),
      ...(words.length === 0
        ? []
        : [`complete -c sluice -n ${quote(here)} -f -a ${quote(unused(words, names, command))}`]),
      ...options.map((option) => `complete -c sluice -n ${quote(here)} ${lineOf(option)}`),
    ];
  });
  return `# Completion of sluice for fish, made by "sluice completion fish".\n${lines.join('\n')}\n`;
}

/** `sluice help help` is nobody's wish. */
function unused(words: readonly string[], names: readonly string[], command: string): string {
  return words.filter((word) => !(word === command && names.includes(word))).join(' ');
}

function lineOf({ names, value, choices, doc }: Candidate): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return [...flags, ...takes(value, choices), '-d', quote(doc)].join(' ');
}

function takes(value: string | null, choices: readonly string[]): string[] {
  if (value === null) return [];
  if (choices.length > 0) return ['-x', '-a', quote(choices.join(' '))];
  if (value === 'DIR') return ['-x', '-a', quote('(__fish_complete_directories)')];
  return [value.includes('FILE') ? '-r' : '-x'];
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, (sign) => `\\${sign}`)}'`;
}
