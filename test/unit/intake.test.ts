import { expect } from 'chai';
import { selectionOf } from '../../controller/app.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import type { KubeObject } from '../../controller/kube/objects.ts';
import { Graph } from '../../controller/model/graph.ts';
import { Cluster } from '../../controller/watch/cluster.ts';
import { Intake } from '../../controller/watch/intake.ts';
import { configMap, ingress } from '../support/objects.ts';

const SELECTION = selectionOf(
  parseCommandLine(['--watch-ingress-without-class', '--configmap=default/settings']).flags,
);

function objectOf(raw: object): KubeObject {
  const result = normalise(raw, 'default');
  if (result.kind !== 'object') throw new Error(result.reason);
  return result.object;
}

/** An Ingress "web" for a host, with these annotations. */
function web(host: string, annotations: Record<string, string> = {}): KubeObject {
  return objectOf(ingress({ name: 'web', host, annotations }));
}

describe('intake of Ingresses', () => {
  let cluster: Cluster;
  let intake: Intake;
  const hosts = (): string[] =>
    [...new Graph(cluster, SELECTION).evaluate().hosts.keys()].filter((name) => name !== '_');
  const problems = (): string[] => intake.problems().map(({ code, message }) => `${code}: ${message}`);
  const settings = (data: Record<string, string>): void => {
    intake.put(objectOf(configMap('settings', data)));
  };

  beforeEach(() => {
    cluster = new Cluster();
    intake = new Intake(cluster, () => SELECTION);
  });

  it('a new object that is refused is not served (outcome reject-ingress)', () => {
    intake.put(web('a.test', { 'connection-proxy-header': 'upgrade' }));
    expect(hosts()).to.deep.equal([]);
    expect(problems()[0]).to.match(
      /^annotation-invalid: annotation connection-proxy-header: "upgrade" is not accepted/,
    );
  });

  it('an edit that is refused leaves the last accepted version, hosts and all', () => {
    intake.put(web('a.test'));
    expect([...intake.put(web('b.test', { 'connection-proxy-header': 'upgrade' }))]).to.deep.equal([]);
    expect(hosts()).to.deep.equal(['a.test']);
    expect(problems()).to.have.lengthOf(1);
    expect(intake.put(web('b.test'))).to.not.be.empty;
    expect(hosts()).to.deep.equal(['b.test']);
    expect(problems()).to.deep.equal([]);
  });

  it('annotations above annotations-risk-level are refused, whatever their value (PARSE-05)', () => {
    intake.put(web('a.test', { 'configuration-snippet': '' }));
    expect(hosts()).to.deep.equal([]);
    expect(problems()[0]).to.contain('configuration-snippet has risk Critical, above annotations-risk-level High');
    settings({ 'annotations-risk-level': 'Low' });
    intake.put(web('a.test', { 'proxy-body-size': '1m' }));
    expect(problems()[0]).to.contain('proxy-body-size has risk Medium, above annotations-risk-level Low');
  });

  it('a gate that opens lets in what was held back, and one that closes takes out what is above it', () => {
    intake.put(web('a.test', { 'app-root': '/x' }));
    settings({ 'annotations-risk-level': 'Low' });
    expect(hosts()).to.deep.equal([]);
    settings({ 'annotations-risk-level': 'Medium' });
    expect(hosts()).to.deep.equal(['a.test']);
    intake.remove('ConfigMap', 'default/settings');
    expect(hosts()).to.deep.equal(['a.test']);
  });

  it('blocked words are refused in any annotation of ours (ADM-05)', () => {
    settings({ 'annotation-value-word-blocklist': 'load_module, {' });
    intake.put(web('a.test', { 'app-root': '/load_module' }));
    expect(hosts()).to.deep.equal([]);
    expect(problems()[0]).to.contain('annotation app-root contains the blocked word "load_module"');
  });

  it('hosts, paths and Secret names that look like configuration are refused (ADM-04)', () => {
    for (const path of ['/alias /etc;', '/root a; b', '/etc/passwd', '/var/run/secrets/x', '/x_by_lua']) {
      intake.put(objectOf(ingress({ name: 'web', host: 'a.test', paths: [{ path }] })));
      expect(hosts(), path).to.deep.equal([]);
      expect(problems()[0], path).to.contain('looks like configuration');
    }
  });

  it('more other names than can be compared are refused: hosts times aliases', () => {
    const wide = (hosts: number, aliases: number): KubeObject => {
      const list = Array.from({ length: aliases }, (_, index) => `a${index}.test`).join(',');
      const object = ingress({ name: 'web', host: 'a.test', annotations: { 'server-alias': list } });
      const rules = Array.from({ length: hosts }, (_, index) => ({ host: `h${index}.test` }));
      return objectOf({ ...object, spec: { rules } });
    };
    intake.put(wide(10, 100));
    expect(problems()).to.deep.equal([]);
    intake.put(wide(5000, 2000));
    expect(problems()[0]).to.contain('annotation server-alias has 2000 names for 5000 hosts');
  });

  it('an object of another class is never held back', () => {
    intake.put(web('a.test'));
    const annotations = { 'kubernetes.io/ingress.class': 'other', 'connection-proxy-header': 'upgrade' };
    intake.put(web('a.test', annotations));
    expect(hosts()).to.deep.equal([]);
    expect(problems()).to.deep.equal([]);
  });

  it('what is deleted is not held back either', () => {
    intake.put(web('a.test', { 'connection-proxy-header': 'upgrade' }));
    intake.remove('Ingress', 'default/web');
    expect(problems()).to.deep.equal([]);
  });

  it('without an intake in front of it, the model closes the paths of what must be rejected', () => {
    cluster.put(web('a.test', { 'server-snippet': 'return 200;' }));
    const routes = new Graph(cluster, SELECTION).evaluate().hosts.get('a.test')?.routes ?? [];
    expect(routes.map(({ target }) => target.kind)).to.deep.equal(['deny']);
  });
});
