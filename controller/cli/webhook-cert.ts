// `sluice webhook-cert`: what the two jobs of the chart run. `create` makes the certificate of the admission webhook and keeps it in
// a Secret, unless that is there; `patch` tells the API server which authority signed it.
import { UsageError } from '../flags.ts';
import { AccessError, isInCluster, kubeConfigOf } from '../kube/access.ts';
import type { Invocation } from './command.ts';
import { EXIT } from './exit.ts';
import { type Api, CertificateError, create, patch } from './webhook-jobs.ts';
import type { WEBHOOK_CERT_OPTIONS } from './webhook-options.ts';

/** The exit status; throws UsageError. */
export async function webhookCert({
  words,
  options,
  flags,
  streams: { out, err },
}: Invocation<typeof WEBHOOK_CERT_OPTIONS>): Promise<number> {
  const required = (name: 'namespace' | 'secret' | 'hosts' | 'webhook'): string => {
    const value = options[name];
    if (value !== null && value !== '') return value;
    throw new UsageError(`webhook-cert needs --${name}=…; see sluice webhook-cert --help`);
  };
  const [command] = words;
  const secret = { namespace: required('namespace'), name: required('secret') };
  try {
    switch (command) {
      case 'create': {
        const hosts = hostsOf(required('hosts'));
        out(await create(await connect(flags.kubeconfig), secret, hosts));
        return EXIT.ok;
      }
      case 'patch': {
        const webhook = required('webhook');
        out(await patch(await connect(flags.kubeconfig), secret, webhook, options['failure-policy']));
        return EXIT.ok;
      }
      default:
        throw new UsageError('webhook-cert needs a command: create or patch; see sluice webhook-cert --help');
    }
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    err(`sluice: ${error.message}\n`);
    return EXIT.findings;
  }
}

function hostsOf(text: string): string[] {
  const hosts = text.split(',').filter((host) => host !== '');
  const bad = hosts.find((host) => !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(host));
  if (bad !== undefined || hosts.length === 0)
    throw new UsageError(`--hosts: ${JSON.stringify(bad ?? text)} is no DNS name`);
  return hosts;
}

async function connect(kubeconfig: string | null): Promise<Api> {
  if (kubeconfig === null && !isInCluster(process.env)) {
    throw new UsageError('webhook-cert: no cluster is around: give --kubeconfig=FILE, or run in a Pod');
  }
  const { AdmissionregistrationV1Api, CoreV1Api } = await import('@kubernetes/client-node');
  try {
    const access = { kubeconfig, apiServer: null, certificateAuthority: null };
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
