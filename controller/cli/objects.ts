// The objects of manifest texts, and the model that they become, with the place where each object stands.

import { selectionOf } from '../app.ts';
import type { FlagValues } from '../flags.ts';
import type { KubeObject } from '../kube/objects.ts';
import { showRef } from '../kube/ref.ts';
import { Graph } from '../model/graph.ts';
import { expiredCertificates } from '../model/problems.ts';
import type { Selection, Settings } from '../model/settings.ts';
import type { Model, Problem } from '../model/types.ts';
import { Cluster } from '../watch/cluster.ts';
import { Intake } from '../watch/intake.ts';
import { readManifest } from '../watch/manifests.ts';
import type { TextFile } from './files.ts';

export interface Objects {
  readonly cluster: Cluster;
  readonly selection: Selection;
  readonly settings: Settings;
  readonly model: Model;
  readonly problems: readonly Problem[];
  readonly all: readonly KubeObject[];
}

/**
 * Reads manifests that are not those of a whole cluster: an IngressClass with the name of --ingress-class that none of them
 * defines is taken to be ours, because the chart of the controller brings it.
 */
export function objectsOf(files: readonly TextFile[], flags: FlagValues): Objects {
  const problems: Problem[] = [];
  const objects = new Map<string, { object: KubeObject; file: string }>();
  for (const { name, text } of files) {
    const read = readManifest(name, text);
    problems.push(...read.problems);
    for (const [id, object] of read.objects) {
      const before = objects.get(id);
      if (before === undefined) objects.set(id, { object, file: name });
      else problems.push(duplicate(object, name, before.file));
    }
  }
  const all = [...objects.values()].map(({ object }) => object);
  const ours: KubeObject = {
    kind: 'IngressClass',
    meta: { ...NO_META, name: flags['ingress-class'] },
    controller: flags['controller-class'],
  };
  if (!objects.has(showRef({ kind: ours.kind, ...ours.meta }))) all.push(ours);
  const selection = selectionOf(flags);
  const cluster = new Cluster();
  const intake = new Intake(cluster, () => selection);
  for (const object of all) intake.put(object);
  const model = new Graph(cluster, selection).evaluate();
  problems.push(...intake.problems(), ...model.problems, ...expiredCertificates(model, Date.now()));
  return { cluster, selection, settings: model.settings, model, problems, all };
}

const NO_META = { namespace: '', name: '', uid: '', created: 0, labels: new Map(), annotations: new Map() };

function duplicate({ kind, meta }: KubeObject, file: string, first: string): Problem {
  const message = `${file} defines it again; the one in ${first} counts`;
  return {
    object: { kind, namespace: meta.namespace, name: meta.name },
    severity: 'warning',
    code: 'object-duplicate',
    message,
  };
}
