// What a client asks before it knows anything: versions and lists of resources.
import { apiVersionOf, RESOURCES, type Resource } from './resources.ts';

const VERSION = {
  major: '1',
  minor: '33',
  gitVersion: 'v1.33.0',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2025-04-23T00:00:00Z',
  goVersion: 'go1.24.2',
  compiler: 'gc',
  platform: 'linux/amd64',
};

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

function resourceList(groupVersion: string, resources: readonly Resource[]): object {
  const list = resources.flatMap(({ plural, singular, kind, scope, status }) => {
    const whole = { name: plural, singularName: singular, namespaced: scope === 'namespace', kind, verbs: VERBS };
    const part = { ...whole, name: `${plural}/status`, singularName: '', verbs: ['get', 'patch', 'update'] };
    return status === 'none' ? [whole] : [whole, part];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: list };
}

function group(name: string): object {
  const versions = [{ groupVersion: `${name}/v1`, version: 'v1' }];
  return { name, versions, preferredVersion: versions[0] };
}

/** The document at a path, null when it is none of discovery's. */
export function discovery(path: string): object | null {
  const groups = [...new Set(RESOURCES.map((resource) => resource.group).filter((name) => name !== ''))];
  switch (path) {
    case '/version':
    case '/version/':
      return VERSION;
    case '/api':
      return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
    case '/apis':
      return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(group) };
    default: {
      const groupVersion = path.replace(/^\/apis?\//, '');
      const resources = RESOURCES.filter((resource) => apiVersionOf(resource) === groupVersion);
      return resources.length > 0 && path.startsWith('/api') ? resourceList(groupVersion, resources) : null;
    }
  }
}
