// What an API server would say about an object: kubernetes-models knows types and required fields, the official client the names
// of all fields, so that a misspelt one is found as strict decoding finds it.
import * as client from '@kubernetes/client-node';
import { isRecord, type RawObject } from './kube/raw.ts';

const CRDS: Readonly<Record<string, string>> = {
  'cert-manager.io': '@kubernetes-models/cert-manager',
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};

interface Model {
  validate(): void;
}

interface Attribute {
  readonly baseName: string;
  readonly type: string;
}

/** What is wrong with the object, as lines; empty when nothing is. Throws when the kind is unknown. */
export async function schemaErrors(object: RawObject): Promise<string[]> {
  const [group = ''] = object.apiVersion.split('/');
  const home = CRDS[group] ?? 'kubernetes-models';
  const models = (await import(`${home}/${object.apiVersion}`)) as Record<string, new (data: object) => Model>;
  const Kind = models[object.kind];
  if (Kind === undefined) throw new Error(`there is no schema of ${object.apiVersion} ${object.kind}`);
  const errors = home === 'kubernetes-models' ? unknownFields(object) : [];
  try {
    new Kind(object).validate();
  } catch (error) {
    errors.push(error instanceof Error ? error.message : String(error));
  }
  return errors.map((error) => `${object.kind}/${object.metadata.name}: ${error}`);
}

function unknownFields(object: RawObject): string[] {
  const version = object.apiVersion.split('/').at(-1) ?? '';
  return unknownIn(object, `${version[0]?.toUpperCase()}${version.slice(1)}${object.kind}`, '');
}

function unknownIn(value: unknown, type: string, path: string): string[] {
  const [, element] = /^Array<(.+)>$/.exec(type) ?? [];
  if (element !== undefined) {
    return Array.isArray(value) ? value.flatMap((one, index) => unknownIn(one, element, `${path}[${index}]`)) : [];
  }
  const classes = client as unknown as Record<string, { getAttributeTypeMap?: () => readonly Attribute[] }>;
  const attributes = classes[type]?.getAttributeTypeMap?.();
  // A plain value, or a map with names of the user's.
  if (attributes === undefined || !isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const attribute = attributes.find(({ baseName }) => baseName === name);
    return attribute === undefined
      ? [`unknown field ${path}.${name} of ${type}`]
      : unknownIn(inner, attribute.type, `${path}.${name}`);
  });
}
