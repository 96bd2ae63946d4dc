// Parsers of flags about the election and the status.
import { isIP } from 'node:net';
import { accepted, type Parser, refused } from '../feature/parse.ts';
import type { Address } from '../kube/status.ts';
import { addressOf } from './addresses.ts';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]);
/** DNS subdomain (kubernetes.io/docs/concepts/overview/working-with-objects/names). */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** A duration as Go writes it, to milliseconds: 30s, 1m30s, 1.5h, 500ms, -1s, 0. */
export const goDuration: Parser<number | null> = (text) => {
  if (/^[+-]?0$/.test(text)) return accepted(0);
  const [, sign, body = ''] = /^([+-]?)((?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:h|ms|m|s))+)$/.exec(text) ?? [];
  if (body === '') return refused('a duration such as 30s');
  const parts = [...body.matchAll(/([0-9.]+)(h|ms|m|s)/g)];
  const total = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS.get(unit ?? '') ?? 0), 0);
  return accepted(sign === '-' ? -total : total);
};

/** IP addresses and host names, separated by commas; null for none. */
export const addressList: Parser<readonly Address[] | null> = (text) => {
  const items = text.split(',').map((item) => item.trim());
  const given = items.filter((item) => item !== '');
  if (!given.every((item) => isIP(item) !== 0 || NAME.test(item))) {
    return refused('IP addresses and host names, separated by commas');
  }
  return accepted(given.length === 0 ? null : given.map(addressOf));
};

export const leaseName: Parser<string> = (text) =>
  NAME.test(text) ? accepted(text) : refused('the name of an object: lower-case letters, digits, "-" and "."');
