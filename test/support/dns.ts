// A small DNS server for tests: answers A and AAAA from a table, over UDP, and counts the questions.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

export interface DnsDouble {
  readonly port: number;
  /** Name → addresses; a name that is missing does not exist. */
  readonly records: Map<string, readonly string[]>;
  /** Names that are another name for one of the records. */
  readonly aliases: Map<string, string>;
  /** Seconds that answers hold. */
  ttl: number;
  /** The same for single names. */
  readonly ttls: Map<string, number>;
  /** Name → the code that it is answered with in place of its records, such as SERVFAIL. */
  readonly codes: Map<string, number>;
  /** How often a name was asked for. */
  questions(name: string): number;
  /** While true no question is answered. */
  silent: boolean;
  stop(): Promise<void>;
}

export const SERVFAIL = 2;
export const NXDOMAIN = 3;
const TYPE_CNAME = 5;
const TYPES: Readonly<Record<number, 'A' | 'AAAA'>> = { 1: 'A', 28: 'AAAA' };

function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [left = '', right = ''] = address.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [head, tail] = [groups(left), groups(right)];
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}

function readName(message: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  while (message[at] !== 0) {
    const length = message[at] ?? 0;
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

interface Answer {
  readonly code: number;
  /** The name that the question's one is an alias of. */
  readonly alias: string | null;
  readonly addresses: readonly string[];
  readonly ttl: number;
}

function record(type: number, ttl: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0); // a pointer to the question's name
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

/** RFC 1035: the header, the question again, the alias, and one record per address. */
function answerTo(question: Buffer, { code, alias, addresses, ttl }: Answer): Buffer {
  const { end } = readName(question);
  const type = question.readUInt16BE(end);
  const matching = addresses.filter((address) => isIPv6(address) === (TYPES[type] === 'AAAA'));
  const records = matching.map((address) => record(type, ttl, addressBytes(address)));
  if (alias !== null) records.unshift(record(TYPE_CNAME, ttl, nameBytes(alias)));
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, question.subarray(12, end + 4), ...records]);
}

export async function startDns(records: Readonly<Record<string, readonly string[]>>): Promise<DnsDouble> {
  const socket: Socket = createSocket('udp4');
  const asked: string[] = [];
  const double: DnsDouble = {
    port: 0,
    records: new Map(Object.entries(records)),
    aliases: new Map(),
    ttl: 60,
    ttls: new Map(),
    codes: new Map(),
    silent: false,
    questions: (name) => asked.filter((other) => other === name).length,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', (message, sender) => {
    const { name } = readName(message);
    asked.push(name);
    if (double.silent) return;
    const alias = double.aliases.get(name) ?? null;
    const found = double.records.get(alias ?? name);
    const code = double.codes.get(name) ?? (found === undefined ? NXDOMAIN : 0);
    const ttl = double.ttls.get(name) ?? double.ttl;
    const addresses = code === 0 ? (found ?? []) : [];
    socket.send(answerTo(message, { code, alias, addresses, ttl }), sender.port, sender.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return Object.assign(double, { port: socket.address().port });
}
