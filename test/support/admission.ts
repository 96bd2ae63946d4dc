// Reviews for tests: AdmissionReviews as an API server sends them, and the verdict on objects over a cluster in memory.
import { randomUUID } from 'node:crypto';
import { candidateOf } from '../../controller/admission/candidate.ts';
import type { Asked } from '../../controller/admission/envelope.ts';
import type { Finding } from '../../controller/admission/finding.ts';
import { judging, type State, type Verdict } from '../../controller/admission/judge.ts';
import { selectionOf } from '../../controller/app.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import { Graph } from '../../controller/model/graph.ts';
import type { Model } from '../../controller/model/types.ts';
import { Cluster } from '../../controller/watch/cluster.ts';
import { Intake } from '../../controller/watch/intake.ts';

/** The body of a review. */
export function reviewOf(object: object, request: object = {}): object {
  const { metadata } = object as { metadata: { namespace?: string; name?: string } };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: randomUUID(),
      kind: { group: 'networking.k8s.io', version: 'v1', kind: 'Ingress' },
      resource: { group: 'networking.k8s.io', version: 'v1', resource: 'ingresses' },
      operation: 'CREATE',
      namespace: metadata.namespace,
      name: metadata.name,
      object,
      oldObject: null,
      dryRun: false,
      ...request,
    },
  };
}

/** A controller without nginx: the intake, the model, and the webhook over them. */
export class World {
  readonly cluster = new Cluster();
  readonly intake: Intake;
  readonly graph: Graph;
  #model: Model;

  constructor(objects: readonly object[], flags: readonly string[] = ['--watch-ingress-without-class']) {
    const selection = selectionOf(parseCommandLine(['--configmap=default/settings', ...flags]).flags);
    this.intake = new Intake(this.cluster, () => selection);
    for (const object of objects) this.#put(object);
    this.graph = new Graph(this.cluster, selection);
    this.#model = this.graph.evaluate();
  }

  get model(): Model {
    return this.#model;
  }

  state(): State {
    const { settings, hosts, problems } = this.#model;
    return { view: this.cluster, settings, hosts, problems, names: this.graph.names };
  }

  /** As the source would: through the intake, and into the model. */
  apply(object: object): void {
    this.graph.invalidate(this.#put(object));
    this.#model = this.graph.evaluate();
  }

  /** The model after another look at what changed. */
  refreshed(): Model {
    this.#model = this.graph.evaluate();
    return this.#model;
  }

  #put(object: object): ReadonlySet<string> {
    const read = normalise(object, 'default');
    if (read.kind !== 'object') throw new Error(`not an object: ${read.reason}`);
    return this.intake.put(read.object);
  }

  /** What a review of an object finds; null when it passes unseen. */
  verdict(object: object, request: Partial<Asked> = {}): Verdict | null {
    const { metadata } = object as { metadata: { namespace?: string } };
    const asked: Asked = {
      uid: randomUUID(),
      group: 'networking.k8s.io',
      kind: 'Ingress',
      operation: 'CREATE',
      subResource: '',
      namespace: metadata.namespace ?? 'default',
      object,
      ...request,
    };
    const state = this.state();
    const candidate = candidateOf(asked, state.view, state.settings);
    switch (candidate.kind) {
      case 'passed':
        return null;
      case 'refused':
        return { findings: [{ weight: 'refuse', code: 'object-refused', text: candidate.why }], looked: 0 };
      case 'ingress':
        return finish(judging(candidate.ingress, state));
    }
  }

  /** "refuse code: text" of each finding. */
  says(object: object, request: Partial<Asked> = {}): string[] {
    return (this.verdict(object, request)?.findings ?? []).map(show);
  }
}

function show({ weight, code, text }: Finding): string {
  return `${weight} ${code}: ${text}`;
}

function finish(steps: Generator<void, Verdict>): Verdict {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
