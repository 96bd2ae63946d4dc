// Requests as nginx counts them, for tests that do not care about durations and sizes.
import type { Control } from '../../controller/apply/control.ts';
import { LABELS, type Label } from '../../controller/telemetry/families.ts';

/** "namespace|ingress|service|status", with "|canary" behind where another backend took them → requests. */
export async function countersOf(control: Control): Promise<Record<string, number>> {
  const { series } = await control.series('', AbortSignal.timeout(5000));
  const counters: Record<string, number> = {};
  for (const { key, numbers } of series) {
    const labels = key.split('\x1f');
    const of = (name: Label): string => labels[LABELS.indexOf(name)] ?? '';
    const name = [of('namespace'), of('ingress'), of('service'), of('status'), of('canary')].filter(Boolean).join('|');
    counters[name] = (counters[name] ?? 0) + (numbers[0] ?? 0);
  }
  return counters;
}
