// `sluice migrate-report`: describes the command.
import { type Invocation, SELECTION_FLAGS, SOURCE_FLAGS, tool } from '../command.ts';
import { oneOf, text } from '../option.ts';

const OPTIONS = {
  values: text('FILE', 'values.yaml of the release: helm get values RELEASE -o yaml.'),
  output: oneOf(['markdown', 'json', 'html'], 'How to print; html is one page without external parts.', 'o'),
};

export type MigrateInvocation = Invocation<typeof OPTIONS>;

export const migrateReport = tool({
  name: 'migrate-report',
  about: 'say what of an ingress-nginx installation works unchanged, and what needs a hand',
  usage: [
    '--kubeconfig=FILE --configmap=NS/NAME [--values=FILE]     a cluster',
    'FILE|DIR… [--configmap=NS/NAME] [--values=FILE]           manifests; "-" is standard input',
  ],
  details: `For each Ingress: what works unchanged, what differs and how, what needs a hand, and which directives of its snippets an
annotation or a key of the ConfigMap can say. For the ConfigMap, the flags (controller.extraArgs) and the Helm values: what is kept,
what means nothing any more, and what needs a hand. Nothing is changed, neither in the cluster nor in files.

Class, flags and ConfigMap of values.yaml are used where the command line does not say otherwise. Of a cluster the ConfigMap is that
of --configmap.

The exit status is 0 when the report was made, whatever it says.`,
  maxWords: Number.POSITIVE_INFINITY,
  words: [],
  options: OPTIONS,
  flags: [...SOURCE_FLAGS, ...SELECTION_FLAGS],
  run: async (invocation) => (await import('./migrate.ts')).migrate(invocation),
});
