// The keys of the controller ConfigMap whose value nginx alone can judge: where it refuses the settings, they are left out one
// by one, so that a slip of the administrator stops neither the program nor any other change.
import type { Config, Settings } from '../settings.ts';

export interface FreeText {
  /** As in the ConfigMap. */
  readonly key: string;
  /** Whether it says anything. */
  isSet(settings: Settings): boolean;
  /** The settings as if it were absent. */
  without(settings: Settings): Settings;
}

type Field = keyof Config & string;

const FIELDS: Readonly<Record<string, Field>> = {
  'main-snippet': 'mainSnippet',
  'http-snippet': 'httpSnippet',
  'server-snippet': 'serverSnippet',
  'location-snippet': 'locationSnippet',
  'global-auth-snippet': 'globalAuthSnippet',
  'log-format-upstream': 'logFormatUpstream',
  'access-log-path': 'accessLogPath',
  'http-access-log-path': 'httpAccessLogPath',
  'access-log-params': 'accessLogParams',
  'error-log-path': 'errorLogPath',
  'gzip-disable': 'gzipDisable',
  'ssl-ciphers': 'sslCiphers',
  'ssl-ecdh-curve': 'sslEcdhCurve',
  'syslog-host': 'syslogHost',
  'worker-cpu-affinity': 'workerCpuAffinity',
};

/** `defaults` is what each field is without its key. */
export function freeTexts(defaults: Config): FreeText[] {
  const values: Readonly<Record<string, unknown>> = { ...defaults };
  return Object.entries(FIELDS).map(([key, field]) => ({
    key,
    isSet: (settings) => JSON.stringify(settings[field]) !== JSON.stringify(values[field]),
    without: (settings) => ({ ...settings, [field]: values[field] }),
  }));
}
