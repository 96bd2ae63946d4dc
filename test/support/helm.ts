// The real helm on the real chart: `helm template` to objects.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { isRecord, type RawObject } from './kube/raw.ts';

const ROOT = resolve(import.meta.dirname, '../..');
export const CHART = join(ROOT, 'helm');
/** A helm that was built by `go install` does not know which Kubernetes is current. */
export const KUBERNETES = '1.34.0';

export type Values = Readonly<Record<string, unknown>>;

/** SLUICE_HELM, the one that scripts/setup.sh builds, or one of the PATH; null without any. */
export function findHelm(): string | null {
  const own = join(ROOT, 'node_modules/.cache/sluice-helm/helm');
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = [process.env.SLUICE_HELM ?? '', own, ...folders.map((folder) => join(folder, 'helm'))];
  return candidates.find((file) => file !== '' && existsSync(file)) ?? null;
}

const HELM = findHelm();

/** Skips the tests of a suite, each by name, on a machine without helm. */
export function needsHelm(suite: Mocha.Suite): void {
  suite.beforeEach(function () {
    if (HELM === null) this.skip();
  });
}

export interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export function helm(args: readonly string[], input = ''): Promise<Run> {
  return new Promise((done) => {
    const child = execFile(HELM ?? 'helm', [...args], { maxBuffer: 1 << 26 }, (error, out, err) => {
      done({ status: error === null ? 0 : Number(error.code ?? 1), out, err });
    });
    child.stdin?.end(input);
  });
}

export interface Release {
  readonly chart?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly args?: readonly string[];
}

/** The objects of `helm template`; rejects with what helm said. */
export async function template(values: Values = {}, release: Release = {}): Promise<RawObject[]> {
  const { chart = CHART, name = 'ingress-nginx', namespace = 'ingress-nginx', args = [] } = release;
  const where = ['--namespace', namespace, '--kube-version', KUBERNETES, '--values', '-', ...args];
  const { status, out, err } = await helm(['template', name, chart, ...where], JSON.stringify(values));
  if (status !== 0) throw new Error(err);
  return parseAllDocuments(out, { uniqueKeys: true }).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    const object: unknown = document.toJS();
    return isRecord(object) ? [object as unknown as RawObject] : [];
  });
}

/** "Deployment/ingress-nginx-controller", of which there is one; undefined when there is none. */
export function find(objects: readonly RawObject[], name: string): RawObject | undefined {
  const found = objects.filter(({ kind, metadata }) => `${kind}/${metadata.name}` === name);
  if (found.length > 1) throw new Error(`${name} is there ${found.length} times`);
  return found[0];
}

/**
 * The value at a path such as "spec.template.spec.containers[nginx].args[2]": in brackets an index or the name of an element;
 * a key with dots stands in quotes, as in metadata.labels."helm.sh/chart". Undefined when there is nothing.
 */
export function valueIn(object: unknown, path: string): unknown {
  let at = object;
  for (const [, quoted, plain, element] of path.matchAll(/"([^"]+)"|([^.[\]"]+)|\[([^\]]+)\]/g)) {
    const name = quoted ?? plain;
    if (name !== undefined) at = isRecord(at) ? at[name] : undefined;
    else if (!Array.isArray(at)) return undefined;
    else
      at = /^\d+$/.test(element ?? '') ? at[Number(element)] : at.find((one) => isRecord(one) && one.name === element);
  }
  return at;
}
