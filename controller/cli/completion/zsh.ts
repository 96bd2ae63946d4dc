// Completion for zsh, by _arguments.
import type { Candidate, Completed } from './completion.ts';

export function zshScript(table: readonly Completed[]): string {
  const commands = table.filter(({ command }) => command !== '');
  const program = table.find(({ command }) => command === '');
  return `#compdef sluice
# Completion of sluice for zsh, made by "sluice completion zsh".
_sluice() {
  local -a commands
  local state line
  commands=(
${commands.map(({ command, about }) => `    ${quote(`${command}:${about}`)}`).join('\n')}
  )
  _arguments -C \\
${(program?.options ?? []).map((option) => `    ${specOf(option)} \\\n`).join('')}    '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest)
      case $line[1] in
${commands.map(caseOf).join('\n')}
      esac ;;
  esac
}
compdef _sluice sluice
`;
}

function caseOf({ command, words, options }: Completed): string {
  const specs = options.map(specOf);
  if (words.length > 0) specs.push(`'1: :(${words.join(' ')})'`);
  else specs.push("'*: :_files'");
  return `        ${command}) _arguments ${specs.join(' ')} ;;`;
}

function specOf({ names, value, choices, doc }: Candidate): string {
  return names
    .map((name) => {
      const isLong = name.startsWith('--');
      const explained = `${name}${value === null ? '' : isLong ? '=' : '+'}[${escaped(doc)}]`;
      if (value === null) return quote(explained);
      return quote(`${explained}:${escaped(value)}:${actionOf(value, choices)}`);
    })
    .join(' ');
}

function actionOf(value: string, choices: readonly string[]): string {
  if (choices.length > 0) return `(${choices.join(' ')})`;
  if (value === 'DIR') return '_files -/';
  return value.includes('FILE') ? '_files' : ' ';
}

function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, (sign) => `\\${sign}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
