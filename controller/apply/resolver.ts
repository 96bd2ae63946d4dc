// The DNS servers for ExternalName Services, from resolv.conf(5). As an extension a server may carry a port: "[::1]:5353".
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { DnsSettings } from './state.ts';

const DEFAULTS = { ndots: 1, attempts: 2, timeoutMs: 2000 };

/** A file that is missing means no servers: ExternalNames then have no endpoints. */
export async function readResolvConf(file: string): Promise<DnsSettings> {
  return parseResolvConf(await readFile(file, 'utf8').catch(() => ''));
}

export function parseResolvConf(text: string): DnsSettings {
  const servers: DnsSettings['servers'][number][] = [];
  let search: string[] = [];
  const options = { ...DEFAULTS };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver') {
      const server = parseServer(values[0] ?? '');
      if (server !== null) servers.push(server);
    } else if (keyword === 'search' || keyword === 'domain') {
      search = values.filter((domain) => domain !== '.').map((domain) => domain.replace(/\.$/, '').toLowerCase());
    } else if (keyword === 'options') {
      for (const option of values) readOption(option, options);
    }
  }
  return { servers: servers.slice(0, 3), search, ...options };
}

function readOption(option: string, options: typeof DEFAULTS): void {
  const [, name, digits] = /^(ndots|attempts|timeout):(\d{1,2})$/.exec(option) ?? [];
  const value = Number(digits);
  if (name === 'ndots') options.ndots = value;
  if (name === 'attempts') options.attempts = Math.max(1, value);
  if (name === 'timeout') options.timeoutMs = Math.max(1, value) * 1000;
}

function parseServer(text: string): { host: string; port: number } | null {
  const withPort = /^\[([^\]]+)\]:(\d{1,5})$/.exec(text) ?? /^([0-9.]+):(\d{1,5})$/.exec(text);
  const address = withPort?.[1] ?? text;
  const version = isIP(address);
  if (version === 0) return null;
  return { host: version === 6 ? `[${address}]` : address, port: Number(withPort?.[2] ?? 53) };
}
