// Keys about the worker processes and the sizes of nginx's tables.
import { bool, intBetween } from '../../feature/parse.ts';
import { key } from './key.ts';
import { nginxDuration, words, workers } from './parse.ts';

const affinity = words(/auto|[01]+/, '"auto", or CPU masks such as 0101');
const bucket = intBetween(32, 65_536);
const table = intBetween(64, 1_048_576);

export const WORKER_KEYS = {
  'worker-processes': key(workers, 0, 'Number of nginx workers; "auto" is one a core.'),
  'worker-cpu-affinity': key(affinity, [], 'CPUs of the workers.'),
  'worker-shutdown-timeout': key(nginxDuration, 240, 'How long old workers may finish what they serve.'),
  'max-worker-connections': key(intBetween(16, 1_000_000), 16384, 'Connections that one worker holds at most.'),
  'max-worker-open-files': key(intBetween(0, 10_000_000), 0, 'Open files of a worker; 0 is what the system allows.'),
  'enable-multi-accept': key(bool, true, 'Accepts all waiting connections at once.'),
  'map-hash-bucket-size': key(bucket, 64, 'Bucket of the tables of maps.'),
  'variables-hash-bucket-size': key(bucket, 256, 'Bucket of the table of variables.'),
  'variables-hash-max-size': key(table, 2048, 'Size of the table of variables.'),
  'proxy-headers-hash-bucket-size': key(bucket, 128, 'Bucket of the tables of headers for backends.'),
  'proxy-headers-hash-max-size': key(table, 512, 'Size of the tables of headers for backends.'),
  'server-name-hash-bucket-size': key(
    bucket,
    64,
    'Least bucket of the table of server names; it grows with the longest.',
  ),
  'server-name-hash-max-size': key(table, 1024, 'Least size of the table of server names; it grows with their number.'),
} as const;
