// What tests of the dashboard need: a moment of a controller without one, and a strict reader of its HTML.
import { join } from 'node:path';
import { selectionOf, TEMPLATE_FOLDER } from '../../controller/app.ts';
import { Counted, type Sample } from '../../controller/dashboard/counted.ts';
import type { Moment } from '../../controller/dashboard/moment.ts';
import { PageRenderer } from '../../controller/dashboard/pages.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import { Graph } from '../../controller/model/graph.ts';
import { Cluster } from '../../controller/watch/cluster.ts';

export const pages = (): PageRenderer => new PageRenderer(join(TEMPLATE_FOLDER, 'dashboard'));

/** The moment at which these objects are served and nothing has happened yet. */
export function momentOf(objects: readonly object[], rest: Partial<Moment> = {}): Moment {
  const cluster = new Cluster();
  for (const object of objects) {
    const result = normalise(object, 'default');
    if (result.kind === 'object') cluster.put(result.object);
  }
  const model = new Graph(cluster, selectionOf(parseCommandLine(['--watch-ingress-without-class']).flags)).evaluate();
  return {
    now: Date.now(),
    isReady: true,
    model,
    served: model.hosts,
    problems: model.problems,
    counted: new Counted(null, null),
    ejections: null,
    entries: [],
    reloads: 0,
    ...rest,
  };
}

/** A look at counters: "key" → requests, errors. */
export function sample(
  at: number,
  counts: Readonly<Record<string, readonly [requests: number, errors: number]>>,
): Sample {
  const entries = Object.entries(counts);
  return {
    at,
    since: 0,
    requests: new Map(entries.map(([key, [requests]]) => [key, requests])),
    errors: new Map(entries.map(([key, [, errors]]) => [key, errors])),
  };
}

export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** The tags of a page. Throws at a "<" or quote that begins none: all text must be escaped. */
export function tagsOf(html: string): Tag[] {
  const tags: Tag[] = [];
  const rest = html.replace(/^<!doctype html>/, '').replace(TAG, (_, name: string, attributes: string) => {
    const pairs = [...attributes.matchAll(ATTRIBUTE)].map(([, key = '', value = '']) => [key, value] as const);
    tags.push({ name, attributes: new Map(pairs) });
    return '';
  });
  const stray = /[<>"'`]/.exec(rest.replace(/<\/[a-z0-9]+>/g, ''));
  if (stray !== null)
    throw new Error(`unescaped in text: ${JSON.stringify(rest.slice(stray.index - 40, stray.index + 60))}`);
  return tags;
}

const ATTRIBUTE = /\s([a-z-]+)(?:="([^"<>`]*)")?/g;
const TAG = /<([a-z][a-z0-9]*)((?:\s[a-zA-Z-]+(?:="[^"<>`]*")?)*)\s*\/?>/g;
