// `sluice lint`.
import { assertNever } from '../../assert.ts';
import { UsageError } from '../../flags.ts';
import { showRef } from '../../kube/ref.ts';
import { isSelected } from '../../model/select.ts';
import { versionOf } from '../../version.ts';
import { EXIT } from '../exit.ts';
import { readFiles } from '../files.ts';
import { objectsOf } from '../objects.ts';
import { plain, printData } from '../output.ts';
import { readSnapshot } from '../snapshot.ts';
import type { Streams } from '../streams.ts';
import type { LintInvocation } from './command.ts';
import { type Extent, type Finding, findingsOf } from './findings.ts';
import { Locations } from './locations.ts';
import { sarifOf } from './sarif.ts';

interface Linted {
  readonly findings: readonly Finding[];
  /** Ingresses that were looked at, and those that are not ours. */
  readonly looked: number;
  readonly skipped: number;
}

export async function lint(invocation: LintInvocation): Promise<number> {
  const { options, streams } = invocation;
  const linted = await look(invocation);
  const { findings } = linted;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  switch (options.output) {
    case 'text':
      printText(streams, linted, errors, warnings);
      break;
    case 'json':
      printData(streams, 'json', { errors, warnings, ingresses: linted.looked, skipped: linted.skipped, findings });
      break;
    case 'sarif':
      printData(streams, 'json', sarifOf(findings, versionOf()));
      break;
    default:
      assertNever(options.output);
  }
  const isTooMuch = options['max-warnings'] !== null && warnings > options['max-warnings'];
  return errors > 0 || isTooMuch ? EXIT.findings : EXIT.ok;
}

async function look({ words, options, flags, streams, signal }: LintInvocation): Promise<Linted> {
  const extent: Extent = options.partial ? 'part' : 'whole';
  const paths = [...words, ...(flags.manifests === null ? [] : [flags.manifests])];
  const isCluster = flags.kubeconfig !== null || flags['apiserver-host'] !== null;
  if (paths.length > 0 && isCluster) throw new UsageError('lint looks at files or at a cluster, not at both');
  if (paths.length > 0) {
    const files = await readFiles(paths, streams);
    const objects = objectsOf(files, flags);
    const ingresses = objects.all.filter((object) => object.kind === 'Ingress');
    const looked = ingresses.filter((ingress) => isSelected(objects.cluster, objects.selection, ingress)).length;
    const locations = new Locations(files, objects.selection.annotationsPrefix);
    const hasSome = objects.all.some(({ kind }) => kind === 'EndpointSlice' || kind === 'Endpoints');
    const findings = findingsOf(objects.problems, { locations, extent, endpoints: hasSome ? 'known' : 'unknown' });
    return { findings, looked, skipped: ingresses.length - looked };
  }
  const { problems, cluster, selection } = await readSnapshot(flags, streams, signal);
  const { Ingress: total = 0 } = cluster.counts() as Readonly<Record<string, number>>;
  const names = [
    ...cluster.keys('ingress-by-host').flatMap((host) => cluster.list('ingress-by-host', host)),
    ...cluster.list('ingress-catch-all', ''),
  ];
  const looked = new Set(names.filter((ingress) => isSelected(cluster, selection, ingress))).size;
  const findings = findingsOf(problems, { locations: null, extent, endpoints: 'known' });
  return { findings, looked, skipped: total - looked };
}

function printText(streams: Streams, { findings, looked, skipped }: Linted, errors: number, warnings: number): void {
  for (const { object, severity, code, message, place } of findings) {
    const where = place === null ? '' : `${place.file}:${place.line}:${place.column}: `;
    const word = streams.paint(severity === 'error' ? 'red' : 'yellow', severity);
    streams.out(`${plain(where)}${word} ${code}: ${plain(`${showRef(object)}: ${message}`)}\n`);
  }
  const rest =
    skipped === 0
      ? ''
      : `; ${skipped} of another class, without one, or of a namespace that is not watched (--ingress-class, --watch-ingress-without-class)`;
  streams.err(
    `${count(errors, 'error')}, ${count(warnings, 'warning')} in ${count(looked, 'Ingress', 'Ingresses')}${rest}\n`,
  );
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
