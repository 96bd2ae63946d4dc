// sluice lint on files, standard input and a cluster.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startApiServer } from '../support/kube/server.ts';
import { ingress } from '../support/objects.ts';
import { runSluice, SLUICE } from '../support/sluice.ts';

const SHOP = `# The shop.
apiVersion: v1
kind: List
items:
  - apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: shop
      annotations:
        nginx.ingress.kubernetes.io/proxy-body-size: "8m"
        nginx.ingress.kubernetes.io/proxy-read-timeout: "soon"
        nginx.ingress.kubernetes.io/enable-modsecurity: "true"
    spec:
      ingressClassName: nginx
      tls:
        - hosts: [shop.test]
          secretName: shop-tls
      rules:
        - host: shop.test
          http:
            paths:
              - path: /
                pathType: Prefix
                backend:
                  service:
                    name: web
                    port: {number: 80}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
`;
const SETTINGS = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: ingress
data:
  proxy-body-size: "huge"
  proxy-bodysize: "8m"
`;
const GOOD = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: good, namespace: other}
spec:
  ingressClassName: nginx
  defaultBackend: {service: {name: web, port: {number: 80}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: other}
spec: {ports: [{port: 80}]}
`;

interface Found {
  readonly code: string;
  readonly place: { readonly file: string; readonly line: number; readonly column: number } | null;
}

describe('sluice lint', () => {
  let folder: string;
  const file = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-lint-'));
    await writeFile(file('shop.yaml'), SHOP);
    await writeFile(file('settings.yaml'), SETTINGS);
    await writeFile(file('good.yml'), GOOD);
  });
  after(() => rm(folder, { recursive: true }));

  const found = async (...args: string[]): Promise<string[]> => {
    const { out } = await runSluice(['lint', ...args, '-o', 'json']);
    const { findings } = JSON.parse(out) as { findings: Found[] };
    return findings.map(({ code, place }) => `${place?.line ?? '-'}:${place?.column ?? '-'} ${code}`);
  };

  it('says each Problem with the line of the annotation, field or object, also within Lists; other kinds are no Problem', async () => {
    const { status, out, err } = await runSluice(['lint', file('shop.yaml')]);
    expect(status).to.equal(1);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => line.replace(`${folder}/`, '').replace(/^(\S+ \S+ \S+) .*/, '$1')),
    ).to.deep.equal([
      'shop.yaml:11:9: warning annotation-invalid:',
      'shop.yaml:12:9: warning annotation-unsupported:',
      'shop.yaml:17:11: error certificate-unusable:',
      'shop.yaml:26:21: warning service-missing:',
    ]);
    expect(err).to.equal('1 error, 3 warnings in 1 Ingress\n');
  });

  it('the ConfigMap of the controller is looked at where --configmap names it', async () => {
    expect(await found(file('settings.yaml'), '--configmap=ingress/settings')).to.deep.equal([
      '7:3 setting-invalid',
      '8:3 setting-unknown',
    ]);
    expect(await found(file('settings.yaml'))).to.deep.equal([]);
  });

  it('--partial says nothing of what is not there', async () => {
    expect(await found(file('shop.yaml'), '--partial')).to.deep.equal([
      '11:9 annotation-invalid',
      '12:9 annotation-unsupported',
    ]);
  });

  it('reads folders and standard input; the status is 0 without errors, and --max-warnings makes warnings count', async () => {
    expect((await runSluice(['lint', folder])).status).to.equal(1);
    expect((await runSluice(['lint', file('good.yml')])).status).to.equal(0);
    const [warned, strict] = [['--partial'], ['--partial', '--max-warnings=0']].map((args) =>
      spawnSync(SLUICE, ['lint', '-', ...args], { input: SHOP.replace(/.*modsecurity.*\n/, ''), encoding: 'utf8' }),
    );
    expect(warned?.stdout).to.match(/^<stdin>:11:9: warning annotation-invalid/);
    expect([warned?.status, strict?.status]).to.deep.equal([0, 1]);
  });

  it('a file that is no YAML, an object of a wrong shape and one that comes twice have their line', async () => {
    await writeFile(file('broken.yaml'), `${GOOD}---\nkind: [\n`);
    await writeFile(
      file('shape.yaml'),
      `${GOOD}---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: many}\n`,
    );
    try {
      expect(await found(file('broken.yaml'))).to.deep.equal(['14:1 manifest-unreadable']);
      expect(await found(file('shape.yaml'))).to.deep.equal(['13:1 object-refused']);
      expect(await found(file('good.yml'), file('shape.yaml'))).to.include('1:1 object-duplicate');
    } finally {
      await rm(file('broken.yaml'));
      await rm(file('shape.yaml'));
    }
  });

  it('-o sarif prints SARIF 2.1.0: rules, levels, regions, and a fingerprint that survives when lines move', async () => {
    interface Sarif {
      readonly version: string;
      readonly runs: readonly {
        readonly tool: {
          readonly driver: { readonly name: string; readonly rules: readonly { readonly id: string }[] };
        };
        readonly results: readonly {
          readonly ruleId: string;
          readonly ruleIndex: number;
          readonly level: string;
          readonly message: { readonly text: string };
          readonly locations: readonly {
            readonly physicalLocation: { readonly artifactLocation: { readonly uri: string }; readonly region: object };
          }[];
          readonly partialFingerprints: Readonly<Record<string, string>>;
        }[];
      }[];
    }
    const sarif = async (text: string): Promise<Sarif> => {
      await writeFile(file('moved shop.yaml'), text);
      const { out } = await runSluice(['lint', file('moved shop.yaml'), '-o', 'sarif']);
      return JSON.parse(out) as Sarif;
    };
    try {
      const [before, after] = [await sarif(SHOP), await sarif(`# Moved.\n${SHOP}`)];
      const [run] = before.runs;
      expect(before.version).to.equal('2.1.0');
      expect(run?.tool.driver.name).to.equal('sluice');
      expect(run?.results).to.have.length(4);
      for (const { ruleId, ruleIndex, message } of run?.results ?? []) {
        expect(run?.tool.driver.rules[ruleIndex]?.id).to.equal(ruleId);
        expect(message.text).to.contain('default/');
      }
      const [first] = run?.results ?? [];
      expect(first?.level).to.equal('warning');
      expect(first?.locations[0]?.physicalLocation.region).to.deep.equal({ startLine: 11, startColumn: 9 });
      expect(first?.locations[0]?.physicalLocation.artifactLocation.uri).to.match(/moved%20shop\.yaml$/);
      const prints = ({ runs }: Sarif) => runs[0]?.results.map(({ partialFingerprints }) => partialFingerprints);
      expect(prints(after)).to.deep.equal(prints(before));
    } finally {
      await rm(file('moved shop.yaml'));
    }
  });

  it('a cluster is looked at the same way, without lines', async () => {
    const api = await startApiServer();
    try {
      api.put(ingress({ name: 'a', namespace: 'demo', host: 'a.test', annotations: { 'enable-modsecurity': 'true' } }));
      await writeFile(file('kubeconfig'), api.kubeconfig());
      const { status, out } = await runSluice([
        'lint',
        `--kubeconfig=${file('kubeconfig')}`,
        '--watch-ingress-without-class',
      ]);
      expect(out).to.match(/^warning annotation-unsupported: Ingress demo\/a: /m);
      expect(out).to.match(/^warning service-missing: Service demo\/web/m);
      expect(status).to.equal(0);
    } finally {
      await api.stop();
      await rm(file('kubeconfig'), { force: true });
    }
  });

  it('a file that is not there, and files beside a cluster, are mistakes of the command line', async () => {
    const missing = await runSluice(['lint', '/nowhere/x.yaml']);
    expect(missing).to.include({ status: 66, err: 'sluice: /nowhere/x.yaml cannot be read: ENOENT\n' });
    expect((await runSluice(['lint', folder, '--kubeconfig=x'])).status).to.equal(64);
  });
});
