// `sluice problems`.
import type { ProblemView } from '../../inspect/views.ts';
import type { Invocation } from '../command.ts';
import { EXIT } from '../exit.ts';
import { column, printRows, withProgress } from '../output.ts';
import { inspectorOf } from './client.ts';
import type { PROBLEMS_OPTIONS } from './options.ts';

/** A Problem, and whether the one before it is of the same object. */
type Row = ProblemView & { readonly place: 'first' | 'further' };

const COLUMNS = [
  column<Row>('OBJECT', (row) => (row.place === 'first' ? objectOf(row) : '')),
  column<Row>('SEVERITY', ({ severity }) => severity, {
    style: ({ severity }) => (severity === 'error' ? 'red' : 'yellow'),
  }),
  column<Row>('CODE', ({ code }) => code),
  column<Row>('MESSAGE', ({ message }) => message),
];

function objectOf({ kind, namespace, name }: ProblemView): string {
  return `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`;
}

export async function problems({
  options,
  flags,
  streams,
  signal,
}: Invocation<typeof PROBLEMS_OPTIONS>): Promise<number> {
  const inspector = await inspectorOf(flags, signal);
  const reading = Array.fromAsync(inspector.rows<ProblemView>('/v1/problems', { namespace: options.namespace }));
  const found = grouped(await withProgress(streams, 'reading problems', reading));
  const rows = found.map((problem, i): Row => {
    const before = found[i - 1];
    const isFurther = before !== undefined && objectOf(before) === objectOf(problem);
    return { ...problem, place: isFurther ? 'further' : 'first' };
  });
  if (rows.length === 0 && options.output !== 'json' && options.output !== 'yaml') streams.err('no problems\n');
  else printRows(streams, options.output, rows, COLUMNS, found);
  return found.some(({ severity }) => severity === 'error') ? EXIT.findings : EXIT.ok;
}

/** By object, those with errors first; of an object errors first, then by code. */
function grouped(found: readonly ProblemView[]): ProblemView[] {
  const rank = ({ severity }: ProblemView): number => (severity === 'error' ? 0 : 1);
  const groups = [...Map.groupBy(found, objectOf)].map(([object, problems]) => ({
    object,
    problems: problems.toSorted((a, b) => rank(a) - rank(b) || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0)),
    worst: Math.min(...problems.map(rank)),
  }));
  return groups.sort((a, b) => a.worst - b.worst || (a.object < b.object ? -1 : 1)).flatMap(({ problems }) => problems);
}
