// Lists of client addresses: grammar CIDRS of docs/spec/annotations.yaml. Values are canonical texts ("10.0.0.0/8"), without
// host bits, sorted and without repeats; lua/lib/cidr.lua makes tables of them.
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { accepted, type Parser, refused } from './parse.ts';

/** "address/bits", canonical; an IPv4-mapped IPv6 network is the IPv4 one. */
export type Cidr = string;

const ACCEPTS = 'IPv4 and IPv6 addresses or networks ("10.0.0.0/8") between commas';

/** One bad element, an empty one too, makes the whole list invalid: half a list keeps the wrong people out. */
export const cidrs: Parser<readonly Cidr[]> = (text) => {
  const found = new Set<Cidr>();
  for (const element of text.split(',')) {
    const cidr = canonical(element.trim());
    if (cidr === null) return refused(ACCEPTS);
    found.add(cidr);
  }
  return accepted([...found].sort());
};

function canonical(text: string): Cidr | null {
  const [address = '', length, ...rest] = text.split('/');
  // node:net knows the strict forms only; ipaddr.js would take "10.1" and "0x7f.1" as well.
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return null;
  const parsed = ipaddr.parse(address);
  const most = version === 4 ? 32 : 128;
  if (length !== undefined && !/^(0|[1-9][0-9]{0,2})$/.test(length)) return null;
  const bits = length === undefined ? most : Number(length);
  if (bits > most) return null;
  const isMapped = parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() && bits >= 96;
  const bytes = isMapped ? parsed.toByteArray().slice(12) : parsed.toByteArray();
  return masked(bytes, isMapped ? bits - 96 : bits);
}

function masked(bytes: readonly number[], bits: number): Cidr {
  const kept = bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * index))) & 0xff);
  return `${ipaddr.fromByteArray(kept)}/${bits}`;
}
