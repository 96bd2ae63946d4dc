// `sluice explain`: describes the command.
import { type Invocation, SELECTION_FLAGS, SOURCE_FLAGS, tool } from '../command.ts';
import { oneOf, text, texts, toggle } from '../option.ts';

const OPTIONS = {
  method: text('METHOD', 'Method of the request; GET unless told.'),
  header: texts('"NAME: VALUE"', 'A header of the request; may be repeated.'),
  cookie: texts('NAME=VALUE', 'A cookie of the request; may be repeated.'),
  'client-ip': text('ADDRESS', 'Address of the client, for access lists.'),
  live: toggle('With objects: ask the controller in --run-dir as well, and say whether both agree.'),
  output: oneOf(['text', 'json', 'yaml'], 'How to print.', 'o'),
};

export type ExplainInvocation = Invocation<typeof OPTIONS>;

export const explain = tool({
  name: 'explain',
  about: 'say what serves a URL, and why',
  usage: [
    'URL [--run-dir=DIR] [flags]                 ask the running controller',
    'URL --manifests=DIR [flags]                 from manifests, without nginx',
    'URL --kubeconfig=FILE [flags]               from a cluster, without nginx',
  ],
  details: `Says which host, Ingress, rule and profile a request meets, what each phase does with it (redirects, CORS, access
lists, authentication, limits, rewrite, canary, backend and endpoints, retries, timeouts), and where it ends. Nothing is sent to a
backend: the running controller is asked by a dry run of the code that routes requests, without counters, sessions or limits.

It also says which annotations decide, which other Ingresses and paths match and why they lost, and the Problems of the objects
concerned. From objects, give the flags of the controller: --ingress-class, --configmap and the like decide what is served.

The exit status is 0 when a backend, a redirect or an own page answers, and 1 when the answer is an error.`,
  maxWords: 1,
  words: [],
  options: OPTIONS,
  flags: [...SOURCE_FLAGS, 'run-dir', 'conf-dir', ...SELECTION_FLAGS],
  run: async (invocation) => (await import('./explain.ts')).explain(invocation),
});
