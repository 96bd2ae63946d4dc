// A kubeconfig file for the API server double.
// https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
import { stringify } from 'yaml';

export interface Access {
  readonly url: string;
  /** Null when none is asked for. */
  readonly token: string | null;
  /** PEM, null over plain HTTP. */
  readonly authority: string | null;
}

export function renderKubeconfig({ url, token, authority }: Access): string {
  // The official client for JavaScript speaks plain HTTP only to who skips verification.
  const trust =
    authority === null
      ? { 'insecure-skip-tls-verify': true }
      : { 'certificate-authority-data': Buffer.from(authority).toString('base64') };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'double',
    clusters: [{ name: 'double', cluster: { server: url, ...trust } }],
    users: [{ name: 'sluice', user: token === null ? {} : { token } }],
    contexts: [{ name: 'double', context: { cluster: 'double', user: 'sluice', namespace: 'ingress-nginx' } }],
  });
}
