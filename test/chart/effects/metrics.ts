// Metrics, ServiceMonitor, PrometheusRule.
import { ARGS, C, DEPLOYMENT, exists, MONITOR, NAME, nest, RULE, rows, SERVICE } from './effect.ts';

export const METRICS = rows(
  [
    ['enabled', true, `${SERVICE}-metrics`, 'spec.ports[metrics].port', 10254],
    ['enabled', true, DEPLOYMENT, ARGS, '--enable-metrics=true'],
  ],
  'controller.metrics.',
).concat(
  rows(
    [
      ['port', 9090, DEPLOYMENT, `${C}.ports[metrics].containerPort`, 9090],
      ['portName', 'prom', `${SERVICE}-metrics`, 'spec.ports[prom].targetPort', 'prom'],
      ['service.enabled', false, `${SERVICE}-metrics`, '', undefined],
      ['service.annotations', { a: 'b' }, `${SERVICE}-metrics`, 'metadata.annotations.a', 'b'],
      ['service.labels', { a: 'b' }, `${SERVICE}-metrics`, 'metadata.labels.a', 'b'],
      ['service.servicePort', 9913, `${SERVICE}-metrics`, 'spec.ports[metrics].port', 9913],
      ['service.type', 'NodePort', `${SERVICE}-metrics`, 'spec.type', 'NodePort'],
      ['serviceMonitor.enabled', true, MONITOR, 'spec.endpoints[0].port', 'metrics'],
      ['prometheusRule.enabled', true, RULE, '', exists],
    ],
    'controller.metrics.',
    nest('controller.metrics.enabled', true),
  ),
  rows(
    [
      ['additionalLabels', { release: 'p' }, MONITOR, 'metadata.labels.release', 'p'],
      ['namespace', 'mon', MONITOR, 'metadata.namespace', 'mon'],
      ['namespaceSelector', { any: true }, MONITOR, 'spec.namespaceSelector', { any: true }],
      ['scrapeInterval', '5s', MONITOR, 'spec.endpoints[0].interval', '5s'],
      ['scrapeTimeout', '4s', MONITOR, 'spec.endpoints[0].scrapeTimeout', '4s'],
      ['relabelings', [{ action: 'labeldrop' }], MONITOR, 'spec.endpoints[0].relabelings', [{ action: 'labeldrop' }]],
      ['metricRelabelings', [{ action: 'keep' }], MONITOR, 'spec.endpoints[0].metricRelabelings', [{ action: 'keep' }]],
      ['honorLabels', true, MONITOR, 'spec.endpoints[0].honorLabels', true],
    ],
    'controller.metrics.serviceMonitor.',
    nest('controller.metrics', { enabled: true, serviceMonitor: { enabled: true } }),
  ),
  rows(
    [
      ['additionalLabels', { release: 'p' }, RULE, 'metadata.labels.release', 'p'],
      ['namespace', 'mon', RULE, 'metadata.namespace', 'mon'],
      [
        'rules',
        [{ alert: 'A', expr: '1' }],
        RULE,
        'spec.groups[0]',
        { name: NAME, rules: [{ alert: 'A', expr: '1' }] },
      ],
    ],
    'controller.metrics.prometheusRule.',
    nest('controller.metrics', { enabled: true, prometheusRule: { enabled: true } }),
  ),
);
