import { expect } from 'chai';
import { Registry } from 'prom-client';
import { AdmissionMetrics } from '../../../controller/telemetry/admission.ts';

describe('admission: the metrics', () => {
  it('keep the series of the last 1,000 Ingresses, whatever names reviews bring', async () => {
    const registry = new Registry();
    const instance = { controller_namespace: 'a', controller_class: 'b', controller_pod: 'c' };
    const metrics = new AdmissionMetrics(registry, instance);
    const figures = { namespace: 'default', looked: 1, bodyBytes: 500, reading: 0.001, judging: 0.002, total: 0.003 };
    for (let index = 0; index < 3000; index += 1) {
      metrics.observe({ ...figures, name: 'often', outcome: 'allowed' }, 7);
      metrics.observe({ ...figures, name: `i${index}`, outcome: 'allowed' }, 7);
    }
    metrics.observe({ ...figures, name: 'wrong', outcome: 'refused' }, 8);
    const text = await registry.metrics();
    const series = text.split('\n').filter((line) => line.startsWith('nginx_ingress_controller_check_success{'));
    expect(series).to.have.lengthOf(1000);
    expect(series.find((line) => line.includes('"often"'))).to.match(/ 3000$/);
    const labels = 'controller_namespace="a",controller_class="b",controller_pod="c"';
    expect(text)
      .to.contain(`nginx_ingress_controller_check_errors{${labels},namespace="default",ingress="wrong"} 1\n`)
      .and.to.contain(`nginx_ingress_controller_admission_render_ingresses{${labels}} 8\n`)
      .and.to.contain(`nginx_ingress_controller_admission_config_size{${labels}} 500\n`)
      .and.to.contain(`nginx_ingress_controller_admission_roundtrip_duration{${labels}} 0.003\n`);
  });
});
