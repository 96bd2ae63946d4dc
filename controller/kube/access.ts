// Where the API server is and who we are there: flags to a KubeConfig of the official client, which knows every way to
// authenticate (tokens that rotate, client certificates, exec plugins, proxies).
import type { Cluster, KubeConfig } from '@kubernetes/client-node';

/** What the flags say; all null inside a Pod. */
export interface Access {
  readonly kubeconfig: string | null;
  readonly apiServer: string | null;
  readonly certificateAuthority: string | null;
}

/** The configuration is unusable; the message says which flag to mend. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
  readonly code = 'api-access';
}

/** Inside a Pod, the kubelet sets these (kubernetes.io/docs/tasks/run-application/access-api-from-pod). */
export function isInCluster(environment: Readonly<Record<string, string | undefined>>): boolean {
  return Boolean(environment.KUBERNETES_SERVICE_HOST && environment.KUBERNETES_SERVICE_PORT);
}

/**
 * As client-go does: a kubeconfig, whose server `apiServer` overrides; or `apiServer` alone; or the service account of
 * the Pod. Throws AccessError.
 */
export async function kubeConfigOf(access: Access): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node'); // large: a folder of manifests does without
  const config = new KubeConfig();
  if (access.kubeconfig !== null) loadFile(config, access.kubeconfig);
  else if (access.apiServer === null) config.loadFromCluster();
  else
    config.loadFromClusterAndUser(
      { name: 'flags', server: access.apiServer, skipTLSVerify: false },
      { name: 'anonymous' },
    );

  const current = config.getCurrentCluster();
  if (current === null) {
    throw new AccessError(
      `--kubeconfig: ${access.kubeconfig}: current-context names no cluster: set one with kubectl config use-context`,
    );
  }
  if (config.getCurrentUser() === null) addAnonymousUser(config);
  config.clusters = config.clusters.map((cluster) =>
    cluster.name === current.name ? override(cluster, access) : cluster,
  );
  return config;
}

function loadFile(config: KubeConfig, file: string): void {
  try {
    config.loadFromFile(file);
  } catch (cause) {
    throw new AccessError(`--kubeconfig: ${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** The client applies the certificate authority only where there is a user. */
function addAnonymousUser(config: KubeConfig): void {
  const user = 'sluice-anonymous';
  config.users = [...config.users, { name: user }];
  config.contexts = config.contexts.map((context) =>
    context.name === config.getCurrentContext() ? { ...context, user } : context,
  );
}

function override(cluster: Cluster, { apiServer, certificateAuthority }: Access): Cluster {
  const server = serverOf(apiServer ?? cluster.server);
  return {
    ...cluster,
    server,
    // Plain HTTP, as to kubectl proxy: the client wants this said, there is nothing to verify.
    skipTLSVerify: cluster.skipTLSVerify || server.startsWith('http:'),
    ...(apiServer !== null && certificateAuthority !== null ? { caFile: certificateAuthority } : {}),
  };
}

function serverOf(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new AccessError(
      `the address of the API server is ${JSON.stringify(text)}, which is no URL such as https://10.0.0.1:6443`,
    );
  }
  return url.href.replace(/\/+$/, '');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
