// Values that ingress-nginx does not have.
import { CONTROLLER, DEPLOYMENT, N, nest, PROBE, rows } from './effect.ts';

export const OWN = rows(
  [
    ['singleContainer', true, DEPLOYMENT, N, undefined],
    ['nginx.resources', { limits: { cpu: '3' } }, DEPLOYMENT, `${N}.resources.limits.cpu`, '3'],
    ['nginx.livenessProbe', PROBE, DEPLOYMENT, `${N}.livenessProbe`, PROBE],
    [
      'nginx.lifecycle',
      { preStop: { exec: { command: ['/x'] } } },
      DEPLOYMENT,
      `${N}.lifecycle.preStop.exec.command`,
      ['/x'],
    ],
  ],
  'controller.',
).concat(
  rows(
    [['networkPolicy.egress', [], `NetworkPolicy/${CONTROLLER}`, 'spec.egress', []]],
    'controller.',
    nest('controller.networkPolicy.enabled', true),
  ),
);
