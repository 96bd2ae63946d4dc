// `sluice migrate-report`.
import { assertNever } from '../../assert.ts';
import { type FlagValues, parseCommandLine, UsageError } from '../../flags.ts';
import type { Ingress } from '../../kube/objects.ts';
import { EXIT } from '../exit.ts';
import { readFiles, type TextFile } from '../files.ts';
import { findingsOf } from '../lint/findings.ts';
import { objectsOf } from '../objects.ts';
import { printData } from '../output.ts';
import { readSnapshot, type Snapshot } from '../snapshot.ts';
import type { MigrateInvocation } from './command.ts';
import { htmlOf } from './html.ts';
import { markdownOf } from './markdown.ts';
import { type Report, reportOf } from './report.ts';
import { flagEntries, settingEntries } from './settings.ts';
import { type ReadValues, readValues } from './values.ts';

/** The ConfigMap that values.yaml describes, where nothing else names one. */
const OF_VALUES = 'values.yaml/controller.config';

export async function migrate(invocation: MigrateInvocation): Promise<number> {
  const { options, streams } = invocation;
  const report = await makeReport(invocation);
  switch (options.output) {
    case 'markdown':
      streams.out(markdownOf(report));
      break;
    case 'json':
      printData(streams, 'json', report);
      break;
    case 'html':
      streams.out(htmlOf(report));
      break;
    default:
      assertNever(options.output);
  }
  return EXIT.ok;
}

async function makeReport({ words, options, flags, streams, signal }: MigrateInvocation): Promise<Report> {
  const [file] = options.values === null ? [] : await readFiles([options.values], streams);
  const values = file === undefined ? null : readValues(file.name, file.text);
  const chosen = withValues(flags, values);
  const paths = [...words, ...(flags.manifests === null ? [] : [flags.manifests])];
  const hasCluster = flags.kubeconfig !== null || flags['apiserver-host'] !== null;
  if (paths.length > 0 && hasCluster)
    throw new UsageError('migrate-report looks at files or at a cluster, not at both');
  const looked =
    paths.length > 0
      ? ofFiles(await readFiles(paths, streams), chosen, values)
      : ofCluster(await readSnapshot(chosen, streams, signal));
  const { cluster, selection } = looked;
  const configMap = selection.configMap === null ? null : cluster.get('ConfigMap', selection.configMap);
  const data = configMap?.data ?? values?.config ?? new Map<string, string>();
  return reportOf({
    ...looked,
    settings: settingEntries(
      data,
      looked.problems.filter(({ object }) => object.kind === 'ConfigMap'),
    ),
    flags: flagEntries(values?.args ?? []),
    values: values?.entries ?? [],
  });
}

/** What the command line leaves as it is, values.yaml may say. */
function withValues(flags: FlagValues, values: ReadValues | null): FlagValues {
  const initial = parseCommandLine([]).flags;
  const known = (values?.args ?? []).filter((arg) => flagEntries([arg])[0]?.verdict === 'unchanged');
  const ofValues = parseCommandLine(known).flags;
  const names = Object.keys(initial) as (keyof FlagValues)[];
  const changed = names.filter((name) => JSON.stringify(flags[name]) === JSON.stringify(initial[name]));
  return { ...flags, ...Object.fromEntries(changed.map((name) => [name, ofValues[name]])) };
}

type Looked = Omit<Parameters<typeof reportOf>[0], 'settings' | 'flags' | 'values'>;

function ofFiles(files: readonly TextFile[], flags: FlagValues, values: ReadValues | null): Looked {
  const described = values === null || flags.configmap !== null ? [] : [configMapFile(values.config)];
  const chosen = described.length === 0 ? flags : { ...flags, configmap: OF_VALUES };
  const { all, cluster, selection, problems } = objectsOf([...files, ...described], chosen);
  const endpoints = all.some(({ kind }) => kind === 'EndpointSlice' || kind === 'Endpoints') ? 'known' : 'unknown';
  return {
    source:
      files
        .map(({ name }) => name)
        .slice(0, 3)
        .join(', ') + (files.length > 3 ? ` and ${files.length - 3} files more` : ''),
    cluster,
    selection,
    ingresses: all.filter((object): object is Ingress => object.kind === 'Ingress'),
    problems: findingsOf(problems, { locations: null, extent: 'part', endpoints }),
  };
}

function configMapFile(config: ReadonlyMap<string, string>): TextFile {
  const [namespace, name] = OF_VALUES.split('/');
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name },
    data: Object.fromEntries(config),
  };
  return { name: 'values.yaml', text: JSON.stringify(object) };
}

function ofCluster({ name, cluster, selection, problems }: Snapshot): Looked {
  const hosts = cluster.keys('ingress-by-host').flatMap((host) => cluster.list('ingress-by-host', host));
  const ingresses = [...new Set([...hosts, ...cluster.list('ingress-catch-all', '')])];
  return { source: name, cluster, selection, ingresses, problems };
}
