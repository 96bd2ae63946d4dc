// Every value of the chart of ingress-nginx that is P0 or P1 (docs/spec/helm-values.yaml): setting it changes what it should.
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { chartValues, specValues } from '../../scripts/helm-values.ts';
import { find, needsHelm, template, type Values, valueIn } from '../support/helm.ts';
import type { RawObject } from '../support/kube/raw.ts';
import { DEFAULT_BACKEND } from './effects/default-backend.ts';
import { type Effect, merge, nest } from './effects/effect.ts';
import { GENERAL } from './effects/general.ts';
import { METRICS } from './effects/metrics.ts';
import { OWN } from './effects/own.ts';
import { SERVICES } from './effects/services.ts';
import { HOOKS } from './effects/webhook.ts';
import { WORKLOAD } from './effects/workload.ts';

const EFFECTS: readonly Effect[] = [
  ...GENERAL,
  ...WORKLOAD,
  ...SERVICES,
  ...HOOKS,
  ...METRICS,
  ...DEFAULT_BACKEND,
  ...OWN,
];

/** P0 and P1 values that are accepted and do nothing, on purpose; notes.test.ts has the note about each. */
const WITHOUT_EFFECT = new Set(['controller.image.chroot']);

/** Defaults that differ from those of ingress-nginx, and why. */
const OTHER_DEFAULTS: Readonly<Record<string, string>> = {
  'global.image.registry': 'the image is another',
  'controller.image.image': 'the image is another',
  'controller.image.tag': 'the image is another',
  'controller.image.digest': 'the image is another',
  'controller.image.digestChroot': 'there is no such image',
  'controller.admissionWebhooks.patch.image.image': "the controller's image makes the certificate",
  'controller.admissionWebhooks.patch.image.tag': "the controller's image makes the certificate",
  'controller.admissionWebhooks.patch.image.digest': "the controller's image makes the certificate",
  'controller.image.readOnlyRootFilesystem': 'safe by default (R23)',
  'controller.readinessProbe': 'readiness of its own',
  'controller.resources': 'Node needs more memory than 90Mi',
  'defaultBackend.serviceAccount.automountServiceAccountToken': 'it needs none',
};

const rendered = new Map<string, Promise<RawObject[]>>();

/** The same values are rendered once. */
function render(values: Values): Promise<RawObject[]> {
  const key = JSON.stringify(values);
  const known = rendered.get(key) ?? template(values);
  rendered.set(key, known);
  return known;
}

function holds(objects: readonly RawObject[], { object, at, then }: Effect): boolean {
  const root = find(objects, object);
  const found = at === '' ? root : valueIn(root, at.replace(/\[\]$/, ''));
  if (typeof then === 'function') return then(found) as boolean;
  const same = (value: unknown): boolean => isDeepStrictEqual(value, then);
  return at.endsWith('[]') ? Array.isArray(found) && found.some(same) : same(found);
}

describe('values of the chart', () => {
  describe('each has its effect', function () {
    needsHelm(this);
    for (const effect of EFFECTS) {
      const { path, set, object, at } = effect;
      it(`${path}: ${JSON.stringify(set)} changes ${object} ${at}`, async () => {
        const needed = effect.with ?? {};
        expect(holds(await render(needed), effect), 'it is so without the value').to.equal(false);
        const objects = await render(merge(needed, nest(path, set)));
        const root = find(objects, object);
        expect(holds(objects, effect), JSON.stringify(valueIn(root, at.replace(/\[\]$/, '')))).to.equal(true);
      });
    }
  });

  it('all of priority P0 and P1, and all of our own, are in the table', () => {
    const tested = new Set(EFFECTS.map(({ path }) => path));
    const wanted = specValues().filter(({ priority }) => priority !== 'P2');
    const own = chartValues().filter(({ isOwn }) => isOwn);
    const missing = [...wanted, ...own].filter(({ path }) => !tested.has(path) && !WITHOUT_EFFECT.has(path));
    expect(missing.map(({ path }) => path)).to.deep.equal([]);
  });

  it('values.yaml has the defaults of ingress-nginx, but for those that are said', () => {
    const ours = new Map(chartValues().map((value) => [value.path, value.default]));
    const differing = specValues()
      .filter(({ not_in_values_yaml: absent }) => absent !== true)
      .filter(({ path, default: theirs }) => JSON.stringify(ours.get(path)) !== JSON.stringify(theirs));
    expect(differing.map(({ path }) => path).sort()).to.deep.equal(Object.keys(OTHER_DEFAULTS).sort());
  });
});
