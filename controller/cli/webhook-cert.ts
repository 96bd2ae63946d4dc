// `sluice webhook-cert`: what the two jobs of the chart run. `create` makes the certificate of the admission webhook and keeps it in
// a Secret, unless that is there; `patch` tells the API server which authority signed it.
import { parseArgs } from 'node:util';
import { UsageError } from '../flags.ts';
import { AccessError, isInCluster, kubeConfigOf } from '../kube/access.ts';
import type { Output } from './render.ts';
import { type Api, CertificateError, create, patch } from './webhook-jobs.ts';

const USAGE = `sluice webhook-cert: the certificate of the admission webhook; run by the jobs of the Helm chart

usage: sluice webhook-cert create --namespace=NS --secret=NAME --hosts=NAME[,NAME…]
       sluice webhook-cert patch  --namespace=NS --secret=NAME --webhook=NAME [--failure-policy=Fail|Ignore]

create  makes a certificate for the hosts, and an authority for it, and stores them in the Secret as ca, cert and key.
        A Secret that is there already stays as it is.
patch   writes the ca of the Secret, and the failure policy, into the ValidatingWebhookConfiguration.

  --kubeconfig=FILE   the cluster; without it, the one that this Pod runs in
`;

const STREAMS: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** The exit status; throws UsageError. */
export async function webhookCert(args: readonly string[], { out, err }: Output = STREAMS): Promise<0 | 1> {
  const { values, positionals } = read(args);
  if (values.help) {
    out(USAGE);
    return 0;
  }
  const [command, ...rest] = positionals;
  const secret = { namespace: required(values, 'namespace'), name: required(values, 'secret') };
  if (rest.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(rest[0])}`);
  try {
    switch (command) {
      case 'create': {
        const hosts = hostsOf(required(values, 'hosts'));
        out(await create(await connect(values.kubeconfig), secret, hosts));
        return 0;
      }
      case 'patch': {
        const policy = failurePolicyOf(values['failure-policy']);
        const webhook = required(values, 'webhook');
        out(await patch(await connect(values.kubeconfig), secret, webhook, policy));
        return 0;
      }
      default:
        throw new UsageError(`webhook-cert needs a command: create or patch; see sluice webhook-cert --help`);
    }
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    err(`sluice: ${error.message}\n`);
    return 1;
  }
}

const TEXT = { type: 'string' } as const;

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        namespace: TEXT,
        secret: TEXT,
        hosts: TEXT,
        webhook: TEXT,
        'failure-policy': TEXT,
        kubeconfig: TEXT,
        help: { type: 'boolean' },
      },
    });
  } catch (cause) {
    throw new UsageError(`webhook-cert: ${messageOf(cause)}; see sluice webhook-cert --help`, { cause });
  }
}

function required(values: Readonly<Record<string, string | boolean | undefined>>, name: string): string {
  const value = values[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new UsageError(`webhook-cert needs --${name}=…; see sluice webhook-cert --help`);
}

function hostsOf(text: string): string[] {
  const hosts = text.split(',').filter((host) => host !== '');
  const bad = hosts.find((host) => !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(host));
  if (bad !== undefined || hosts.length === 0)
    throw new UsageError(`--hosts: ${JSON.stringify(bad ?? text)} is no DNS name`);
  return hosts;
}

function failurePolicyOf(text = 'Fail'): 'Fail' | 'Ignore' {
  if (text === 'Fail' || text === 'Ignore') return text;
  throw new UsageError(`--failure-policy: ${JSON.stringify(text)} is not accepted (Fail or Ignore)`);
}

async function connect(kubeconfig: string | undefined): Promise<Api> {
  if (kubeconfig === undefined && !isInCluster(process.env)) {
    throw new UsageError('webhook-cert: no cluster is around: give --kubeconfig=FILE, or run in a Pod');
  }
  const { AdmissionregistrationV1Api, CoreV1Api } = await import('@kubernetes/client-node');
  try {
    const access = { kubeconfig: kubeconfig ?? null, apiServer: null, certificateAuthority: null };
    const config = await kubeConfigOf(access);
    return {
      core: config.makeApiClient(CoreV1Api),
      admission: config.makeApiClient(AdmissionregistrationV1Api),
    };
  } catch (cause) {
    if (cause instanceof AccessError) throw new UsageError(cause.message, { cause });
    throw cause;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
