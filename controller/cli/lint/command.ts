// `sluice lint`: describes the command.
import { type Invocation, SELECTION_FLAGS, SOURCE_FLAGS, tool } from '../command.ts';
import { count, oneOf, toggle } from '../option.ts';

const OPTIONS = {
  output: oneOf(['text', 'json', 'sarif'], 'How to print; sarif is SARIF 2.1.0.', 'o'),
  'max-warnings': count('N', 'More warnings than these are an error as well.'),
  partial: toggle('The manifests are a part: say nothing of Services, Secrets and classes that are not there.'),
};

export type LintInvocation = Invocation<typeof OPTIONS>;

export const lint = tool({
  name: 'lint',
  about: 'say every Problem of manifests or of a cluster, with file and line',
  usage: [
    'FILE|DIR… [flags]                  manifests; "-" is standard input: helm template … | sluice lint -',
    '--kubeconfig=FILE [flags]          a cluster',
  ],
  details: `Reads objects as the controller would, and prints what it would complain of: values that are refused, annotations that
are unknown or not supported, paths that conflict, Services, ports and Secrets that are missing, certificates that are past their
date. Nothing is changed, and no nginx is needed.

Ingresses are looked at when they are ours: give the flags of the controller. An IngressClass with the name of --ingress-class counts
as ours where the manifests define none. That a Service has no endpoints is said only where the manifests have some.

The exit status is 0 without errors, and 1 with errors or with more warnings than --max-warnings.`,
  maxWords: Number.POSITIVE_INFINITY,
  words: [],
  options: OPTIONS,
  flags: [...SOURCE_FLAGS, ...SELECTION_FLAGS],
  run: async (invocation) => (await import('./lint.ts')).lint(invocation),
});
