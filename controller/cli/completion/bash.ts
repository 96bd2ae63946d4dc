// Completion for bash. "=" ends a word there, so a value is completed behind "--name=" and behind "--name " alike.
import type { Candidate, Completed } from './completion.ts';

export function bashScript(table: readonly Completed[]): string {
  const names = table.map(({ command }) => command).filter((name) => name !== '');
  return `# Completion of sluice for bash, made by "sluice completion bash".
_sluice() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' word
  if [[ $current == = ]]; then current=''; elif [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${names.join('|')}) command=$word; break ;; esac
  done
  case $command,$previous in
${table.flatMap((each) => each.options.flatMap((option) => valueCase(each.command, option))).join('\n')}
  esac
  case $command in
${table.map(wordCase(names)).join('\n')}
  esac
  [[ \${COMPREPLY[0]} == *= ]] && compopt -o nospace
  return 0
}
complete -F _sluice sluice
`;
}

function valueCase(command: string, { names, value, choices }: Candidate): string[] {
  if (value === null) return [];
  const pattern = names.map((name) => `'${command}',${name}`).join('|');
  const reply =
    choices.length > 0 ? `-W '${choices.join(' ')}'` : value === 'DIR' ? '-d' : value.includes('FILE') ? '-f' : "-W ''";
  return [`    ${pattern}) mapfile -t COMPREPLY < <(compgen ${reply} -- "$current"); return 0 ;;`];
}

function wordCase(names: readonly string[]): (each: Completed) => string {
  return ({ command, words, options }) => {
    const offered = options.flatMap((option) =>
      option.names.map((name) => (option.value !== null && name.startsWith('--') ? `${name}=` : name)),
    );
    const all = [...(command === '' ? names : words), ...offered];
    return `    '${command}') mapfile -t COMPREPLY < <(compgen -W '${all.join(' ')}' -- "$current") ;;`;
  };
}
