// `sluice completion`: describes the command.
import { tool } from '../command.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const completion = tool({
  name: 'completion',
  about: 'print the completion of a shell',
  usage: SHELLS.map((shell) => shell),
  details: `For bash: source <(sluice completion bash) in ~/.bashrc. For zsh: sluice completion zsh > "\${fpath[1]}/_sluice". For
fish: sluice completion fish > ~/.config/fish/completions/sluice.fish.`,
  maxWords: 1,
  words: SHELLS,
  options: {},
  flags: [],
  run: async ({ words, streams }) => {
    const { completionFor } = await import('./completion.ts');
    streams.out(await completionFor(words));
    return 0;
  },
});
