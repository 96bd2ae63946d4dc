// How values read on a page: the helpers of the templates. Numbers are English, times UTC.
import type { EndpointRow, Health, ProblemGroup } from './views.ts';

const NONE = '–';
const HIGH_ERRORS = 0.01;
const BAR_WIDTH = 40;

export function count(value: number | null): string {
  return value === null ? NONE : Math.round(value).toLocaleString('en');
}

/** "12 %", "0.4 %"; whatever is not nothing does not read as 0. */
export function percent(value: number | null): string {
  if (value === null) return NONE;
  const shown = value * 100;
  if (shown === 0) return '0 %';
  if (shown < 0.1) return '<0.1 %';
  return `${shown < 10 ? shown.toFixed(1) : shown.toFixed(0)} %`;
}

export function rate(value: number | null): string {
  if (value === null) return NONE;
  if (value > 0 && value < 0.1) return '<0.1';
  return value < 10 ? value.toFixed(1) : count(value);
}

export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** "14:03:07 UTC". */
export function clock(iso: string): string {
  return `${iso.slice(11, 19)} UTC`;
}

/** "2026-11-23". */
export function day(iso: string): string {
  return iso.slice(0, 10);
}

export function ago(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h ago` : `${day(iso)}`;
}

/** Whole days that are left, rounded down: what ended an hour ago is -1. */
export function days(value: number): string {
  if (value >= 0) return plural(value, 'day');
  return value === -1 ? 'expired today' : `expired ${plural(-value - 1, 'day')} ago`;
}

const GLYPHS: Readonly<Record<Health, string>> = { good: '●', warn: '▲', bad: '✕' };

/** Beside a colour there is always a shape and a word. */
export function glyph(health: Health): string {
  return GLYPHS[health];
}

/** Helpers by the name that templates use; `now` in milliseconds since 1970. */
export function helpers(now: () => number) {
  return {
    count,
    percent,
    rate,
    plural,
    clock,
    day,
    days,
    daysNumber: (value: number) => (value < -1 ? `−${-value - 1}` : String(Math.max(0, value))),
    glyph,
    ago: (iso: string) => ago(iso, now()),
    add: (a: number, b: number) => a + b,
    both: (a: number, b: number) => a > 0 && b > 0,
    isNumber: (value: unknown) => typeof value === 'number',
    isHigh: (value: number | null) => value !== null && value >= HIGH_ERRORS,
    bar: (value: number | null) => ((value ?? 0) * BAR_WIDTH).toFixed(1),
    isMore: (total: number, shown: readonly unknown[]) => total - shown.length,
    hidden: ({ errors, warnings, problems }: ProblemGroup) => errors + warnings - problems.length,
    hostName: (name: string) => (name === '_' ? 'every other host' : name),
    kindGlyph: (kind: string, health: Health) => (kind === 'reloaded' ? '↻' : health === 'good' ? '·' : glyph(health)),
    endpointHealth: (state: EndpointRow['state']): Health =>
      state === 'ejected' || state === 'draining' ? 'warn' : 'good',
    certificateWord: (health: Health) => ({ good: 'good', warn: 'ends soon', bad: 'expired' })[health],
    /** {{url "host" name=x}}: a page with its parameters. */
    url: (page: string, { hash }: { readonly hash: Readonly<Record<string, string>> }) => linkTo(page, hash),
  };
}

export function linkTo(page: string, parameters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(parameters).toString();
  return `/dashboard${page === '' ? '' : `/${page}`}${query === '' ? '' : `?${query}`}`;
}
