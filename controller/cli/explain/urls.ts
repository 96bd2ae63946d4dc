// URLs as redirects write them (lua/lib/redirect.lua).
import { nameOf } from '../../explain/match.ts';
import type { Question } from './question.ts';
import type { RouteValue, SettingsValue } from './values.ts';

export function schemeSeen(question: Question, settings: SettingsValue): string {
  const forwarded = settings.use_forwarded_headers ? question.headers.get('x-forwarded-proto') : undefined;
  return forwarded ?? question.scheme;
}

export function withoutSlash(target: string): string {
  return target.replace(/\/$/, '');
}

/** ":port" as the URL has it; 'unusual': only where clients do not take it for granted. */
export function portOf({ host, scheme }: Question, written: 'always' | 'unusual'): string {
  const usual = scheme === 'https' ? '443' : '80';
  const port = /:(\d+)$/.exec(host)?.[1] ?? usual;
  return written === 'unusual' && port === usual ? '' : `:${port}`;
}

/** A path of the host that was asked for, as redirects write it (lua/lib/redirect.lua). */
export function toPath({ policy }: RouteValue, question: Question, settings: SettingsValue, path: string): string {
  if (policy.relative_redirects === true) return path;
  const port = policy.port_in_redirects === true ? portOf(question, 'unusual') : '';
  return `${schemeSeen(question, settings)}://${nameOf(question.host) ?? ''}${port}${path}`;
}

/** A path as nginx writes it: a character stands for a byte. */
export function escaped(uri: string): string {
  return uri.replace(
    /[^A-Za-z0-9/!$&'()*+,\-.:;=@_~]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
