import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Pod, startPod } from '../support/backends.ts';
import { ask, askEcho } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { ingress, workload } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

describe('the manifests source', () => {
  let pod: Pod;
  let sluice: Sluice;

  const yamlIngress = (name: string): string => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${name}}
spec:
  rules:
    - host: ${name}.test
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
`;
  const status = async (name: string): Promise<number> =>
    (await ask({ port: sluice.http, host: `${name}.test` })).status;
  const served = (name: string): Promise<unknown> =>
    eventually(() => askEcho({ port: sluice.http, host: `${name}.test` }));
  const gone = (name: string): Promise<unknown> => eventually(async () => expect(await status(name)).to.equal(404));
  const logged = (pattern: RegExp): Promise<unknown> =>
    eventually(async () => expect((await sluice.logs()).err).to.match(pattern));

  before(async () => {
    pod = await startPod('web');
    sluice = await startSluice({
      manifests: {
        'pods.json': workload('web', [pod]),
        'many.yaml': `${yamlIngress('first')}---\n${yamlIngress('second')}---\n# nothing\n`,
        'deep/er/nested.yml': yamlIngress('nested'),
        'old.yaml': `apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: old}
spec:
  rules:
    - host: old.test
      http: {paths: [{path: /, backend: {serviceName: web, servicePort: 80}}]}
`,
        'notes.txt': 'not a manifest',
      },
    });
  });
  after(async () => {
    await sluice?.stop();
    await pod.stop();
  });

  it('reads YAML and JSON, many documents, sub-folders and Lists', async () => {
    for (const name of ['first', 'second', 'nested', 'old']) expect(await status(name)).to.equal(200);
  });

  it('says what a retired API became', async () => {
    await logged(
      /api-version-converted: Ingress default\/old: old\.yaml, document 1, line 1: apiVersion extensions\/v1beta1/,
    );
  });

  it('an edit is live like a watch event, in new sub-folders too', async () => {
    await sluice.write('new/folder/late.yaml', yamlIngress('late'));
    await served('late');
    await sluice.write('new/folder/late.yaml', yamlIngress('later'));
    await served('later');
    await gone('late');
  });

  it('a broken file is a Problem with file, document and line, and keeps the last good version', async () => {
    const broken = `${yamlIngress('first')}---\nkind: [unclosed\n`;
    await sluice.write('many.yaml', broken);
    await logged(/problem: error manifest-unreadable: File many\.yaml: document 2, line 1\d, column \d+/);
    expect(await status('second')).to.equal(200);
    await sluice.write('many.yaml', yamlIngress('first'));
    await gone('second');
    await logged(/solved: error manifest-unreadable: File many\.yaml/);
    expect(await status('first')).to.equal(200);
  });

  it('an object that is refused keeps its last good version and stops nobody', async () => {
    await sluice.write('refused.yaml', yamlIngress('refused'));
    await served('refused');
    await sluice.write('refused.yaml', yamlIngress('refused').replace('number: 80', 'number: eighty'));
    await logged(
      /object-refused: Ingress default\/refused: refused\.yaml, document 1, line 1: spec\.rules\.0\.http\.paths\.0/,
    );
    expect(await status('refused')).to.equal(200);
    expect(await status('first')).to.equal(200);
  });

  it('a file that is written in two steps does not take its objects away meanwhile', async () => {
    await sluice.write('slow.yaml', `${yamlIngress('slow-a')}---\n${yamlIngress('slow-b')}`);
    await served('slow-b');
    const statuses = new Set<number>();
    await writeFile(join(sluice.folder, 'slow.yaml'), '');
    for (let i = 0; i < 5; i += 1) statuses.add(await status('slow-b'));
    await writeFile(
      join(sluice.folder, 'slow.yaml'),
      `${yamlIngress('slow-a')}---\n${yamlIngress('slow-b')}---\n${yamlIngress('slow-c')}`,
    );
    await eventually(async () => {
      statuses.add(await status('slow-b'));
      expect(await status('slow-c')).to.equal(200);
    });
    expect([...statuses]).to.deep.equal([200]);
  });

  it('an object in two files counts once, with a Problem, and the other takes over', async () => {
    await sluice.write('twice-a.json', [ingress({ name: 'twice', host: 'twice-a.test' })]);
    await sluice.write('twice-b.json', [ingress({ name: 'twice', host: 'twice-b.test' })]);
    await logged(
      /object-duplicate: Ingress default\/twice: twice-b\.json defines it again; the one in twice-a\.json counts/,
    );
    await served('twice-a');
    await sluice.remove('twice-a.json');
    await served('twice-b');
    await gone('twice-a');
  });
});
