// The table of sub-commands: a command is a line here, and the file that describes it.
import { type Command, SELECTION_FLAGS, SOURCE_FLAGS, service, tool } from './command.ts';
import { completion } from './completion/command.ts';
import { explain } from './explain/command.ts';
import { INSPECTIONS } from './inspect/commands.ts';
import { lint } from './lint/command.ts';
import { migrateReport } from './migrate/command.ts';
import { WEBHOOK_CERT_OPTIONS } from './webhook-options.ts';

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
  run: async ({ flags, streams, signal }) => (await import('./render.ts')).render(flags, streams, signal),
});

const nginx = service({
  name: 'nginx',
  about: 'run nginx for a controller in another container, without a token',
  usage: ['--conf-dir=DIR --run-dir=DIR [flags]'],
  details: `The controller (sluice --nginx-mode=remote, with the same two folders) writes the configuration, and has it tested,
started and reloaded through a socket in the run directory. Either may start first, and either may be restarted: nginx goes on
serving without the controller. Mount the configuration folder read-only here, and the run directory read-only there.

On SIGTERM nginx serves on until the controller's own --shutdown-grace-period is over and it says so, or for the one given here
where no controller is there to say; then it finishes its requests, and the exit status is 0. A second signal ends at once.`,
  maxWords: 0,
  words: [],
  flags: ['conf-dir', 'run-dir', 'shutdown-grace-period', 'log-format'],
  load: async () => (await import('./nginx.ts')).superviseNginx,
});

const waitShutdown = tool({
  name: 'wait-shutdown',
  about: 'end the sluice of this container, and wait (a preStop hook)',
  usage: [''],
  details: 'The kubelet bounds the wait: terminationGracePeriodSeconds.',
  maxWords: 0,
  words: [],
  options: {},
  flags: [],
  run: async () => (await import('./wait-shutdown.ts')).waitShutdown(),
});

const webhookCertificate = tool({
  name: 'webhook-cert',
  about: 'make the certificate of the admission webhook (jobs of the Helm chart)',
  usage: [
    'create --namespace=NS --secret=NAME --hosts=NAME[,NAME…]',
    'patch --namespace=NS --secret=NAME --webhook=NAME [--failure-policy=Fail|Ignore]',
  ],
  details: `create makes a certificate for the hosts, and an authority for it, and stores them in the Secret as ca, cert and key. A
Secret that is there already stays as it is.

patch writes the ca of the Secret, and the failure policy, into the ValidatingWebhookConfiguration.`,
  maxWords: 1,
  words: ['create', 'patch'],
  options: WEBHOOK_CERT_OPTIONS,
  flags: ['kubeconfig'],
  run: async (invocation) => (await import('./webhook-cert.ts')).webhookCert(invocation),
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

export const COMMANDS: readonly Command[] = [
  explain,
  lint,
  migrateReport,
  ...INSPECTIONS,
  render,
  nginx,
  waitShutdown,
  webhookCertificate,
  completion,
  help,
];
