// values.yaml of the chart of ingress-nginx: which values are kept, which mean nothing any more, and which need a hand; and what
// they say of the controller: flags and ConfigMap.
import { isMap, isScalar, parseDocument } from 'yaml';
import { CommandError, EXIT } from '../exit.ts';
import { CHART_VALUES, type ChartValue, REMOVED_VALUES } from './chart-values.ts';
import type { Entry, Verdict } from './report.ts';

/** Kept by the chart, and yet to be looked at. */
const BY_HAND: readonly (readonly [path: string, why: string, when?: (value: unknown) => boolean])[] = [
  ['controller.image.registry', 'a mirror must have the image of Sluice'],
  ['controller.image.repository', 'a mirror must have the image of Sluice'],
  [
    'controller.image.image',
    'an image of ingress-nginx is left out: name a mirror of the image of Sluice in controller.image.repository',
  ],
  ['controller.image.tag', 'a tag of ingress-nginx means nothing for the image of Sluice: leave it out'],
  ['controller.image.digest', 'a digest of ingress-nginx means nothing for the image of Sluice: leave it out'],
  ['controller.admissionWebhooks.patch.image', 'the jobs run the image of Sluice: leave it out'],
  [
    'controller.resources',
    'holds for each of the two containers; controller.nginx.resources sets those of nginx alone',
  ],
  ['controller.extraContainers', 'nginx, and its log of requests, are in the container nginx'],
  ['controller.lifecycle', 'commands of the old image: sluice wait-shutdown takes the place of /wait-shutdown'],
  [
    'controller.hostNetwork',
    'an in-place upgrade has a gap on each node, because old and new Pod want the same ports',
    (value) => value === true,
  ],
  ['tcp', 'TCP services are not supported yet'],
  ['udp', 'UDP services are not supported yet'],
  ['dhParam', 'ssl-dh-param is not supported yet'],
  ['controller.maxmindLicenseKey', 'GeoIP is not supported: the module is not in the image'],
];

export interface ReadValues {
  readonly entries: readonly Entry[];
  /** controller.config and what other values write into the ConfigMap. */
  readonly config: ReadonlyMap<string, string>;
  /** As the command line of the controller. */
  readonly args: readonly string[];
}

interface Leaf {
  readonly path: string;
  readonly value: unknown;
}

/** Throws CommandError for a file that is no map. */
export function readValues(file: string, text: string): ReadValues {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined || !(document.contents === null || isMap(document.contents))) {
    throw new CommandError(EXIT.data, `${file} is no values file: ${error?.message ?? 'it must be a map'}`);
  }
  const root = document.contents;
  const leaves: Leaf[] = [];
  const walk = (node: unknown, path: string): void => {
    if (isMap(node) && node.items.length > 0 && !standsForAll(path)) {
      for (const { key, value } of node.items) {
        if (isScalar(key)) walk(value, path === '' ? String(key.value) : `${path}.${String(key.value)}`);
      }
      return;
    }
    if (path !== '') leaves.push({ path, value: document.getIn(path.split('.')) });
  };
  walk(root, '');
  const plain = (document.toJS() ?? {}) as { controller?: Record<string, unknown> };
  return { entries: leaves.map(judge), config: configOf(plain.controller ?? {}), args: argsOf(plain.controller ?? {}) };
}

function standsForAll(path: string): boolean {
  return CHART_VALUES.get(path)?.extent === 'subtree' || removedOf(path) !== null;
}

function judge({ path, value }: Leaf): Entry {
  const entry = (verdict: Verdict, text: string): Entry => ({ name: path, verdict, text });
  const hand = BY_HAND.find(([name]) => path === name || path.startsWith(`${name}.`));
  if (hand !== undefined && !isEmpty(value) && (hand[2]?.(value) ?? true)) return entry('hand', hand[1]);
  const removed = removedOf(path);
  const known = chartValueOf(path);
  if (known !== null)
    return known.kind === 'ignored' ? entry('nothing', 'means nothing any more') : entry('unchanged', '');
  if (removed !== null) {
    const isGone = /ignore|removed|gone|none|detected|nginx_status|built in/i.test(removed.instead);
    return entry(
      isGone ? 'nothing' : 'hand',
      `removed from the chart of ingress-nginx (${removed.since}): ${removed.instead}`,
    );
  }
  return entry('hand', 'no value of the chart of ingress-nginx: the chart of Sluice refuses it');
}

function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === '' ||
    (typeof value === 'object' && JSON.stringify(value).length === 2)
  );
}

function chartValueOf(path: string): ChartValue | null {
  const parts = path.split('.');
  for (let length = parts.length; length > 0; length -= 1) {
    const found = CHART_VALUES.get(parts.slice(0, length).join('.'));
    if (found !== undefined && (length === parts.length || found.extent === 'subtree')) return found;
  }
  return null;
}

function removedOf(path: string) {
  for (const [name, removed] of REMOVED_VALUES) {
    if (name === path || (name.endsWith('.*') && `${path}.`.startsWith(name.slice(0, -1)))) return removed;
  }
  return null;
}

function configOf(controller: Record<string, unknown>): ReadonlyMap<string, string> {
  const config = new Map(
    Object.entries((controller.config ?? {}) as Record<string, unknown>).map(([key, value]) => [key, String(value)]),
  );
  if (controller.allowSnippetAnnotations === true) config.set('allow-snippet-annotations', 'true');
  return config;
}

function argsOf(controller: Record<string, unknown>): string[] {
  const args = Object.entries((controller.extraArgs ?? {}) as Record<string, unknown>).map(([name, value]) =>
    value === '' || value === null ? `--${name}` : `--${name}=${String(value)}`,
  );
  const ingressClass = (controller.ingressClassResource ?? {}) as Record<string, unknown>;
  const flag = (name: string, value: unknown): void => {
    if (typeof value === 'string' && value !== '') args.push(`--${name}=${value}`);
    if (value === true) args.push(`--${name}`);
  };
  flag('controller-class', ingressClass.controllerValue);
  flag('ingress-class', controller.ingressClass);
  flag('watch-ingress-without-class', controller.watchIngressWithoutClass);
  flag('ingress-class-by-name', controller.ingressClassByName);
  return args;
}
