// Options of the commands that look at a running controller; the table of commands reads them without what is behind it.
import type { FlagName } from '../command.ts';
import { count, OUTPUT, oneOf, text, toggle } from '../option.ts';

/** Where the controller is. */
export const RUNNING_FLAGS: readonly FlagName[] = ['run-dir', 'conf-dir'];

const LIST_OPTIONS = { output: OUTPUT, namespace: text('NS', 'Only this namespace.') };

export const ROUTES_OPTIONS = {
  ...LIST_OPTIONS,
  ingress: text('NAME', 'Only those of this Ingress, NAME or NAMESPACE/NAME.'),
};
export const BACKENDS_OPTIONS = LIST_OPTIONS;
export const CERTS_OPTIONS = { ...LIST_OPTIONS, expiring: count('DAYS', 'Only those with fewer days left.') };
export const PROBLEMS_OPTIONS = LIST_OPTIONS;
export const CONF_OPTIONS = { state: text('NAME', 'The object to print, as JSON.') };
export const DIFF_OPTIONS = { output: OUTPUT };
export const TOP_OPTIONS = {
  ...LIST_OPTIONS,
  by: oneOf(['ingress', 'host', 'backend'], 'What a row is.'),
  once: toggle('Measure one second, print, and end.'),
};
