// The table of sub-commands: a command is a line here, and the file that describes it.
import type { Command, FlagName } from './command.ts';
import { tool } from './command.ts';
import { completion } from './completion/command.ts';

/** Flags that say where the objects are. */
export const SOURCE_FLAGS: readonly FlagName[] = ['manifests', 'kubeconfig', 'apiserver-host', 'certificate-authority'];

/** Flags that say which objects are served, and how. */
export const SELECTION_FLAGS: readonly FlagName[] = [
  'configmap',
  'ingress-class',
  'controller-class',
  'watch-ingress-without-class',
  'watch-namespace',
  'default-backend-service',
  'annotations-prefix',
];

const render = tool({
  name: 'render',
  about: 'print nginx.conf and the routing data, without starting nginx',
  usage: ['--manifests=DIR [flags]', '--kubeconfig=FILE [flags]'],
  details:
    'Problems go to standard error. The exit status is 0 without any, 1 when there are warnings only, 2 when there are errors.',
  maxWords: 0,
  words: [],
  options: {},
  flags: [...SOURCE_FLAGS, ...SELECTION_FLAGS],
  run: async ({ flags, streams }) => (await import('./render.ts')).render(flags, streams),
});

const help = tool({
  name: 'help',
  about: 'print the help of a command',
  usage: ['[COMMAND]'],
  details: '',
  maxWords: 1,
  words: [],
  options: {},
  flags: [],
  run: async (invocation) => (await import('./help.ts')).help(COMMANDS, invocation),
});

export const COMMANDS: readonly Command[] = [render, completion, help];
