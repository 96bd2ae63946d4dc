// A small DNS server for tests: answers A and AAAA from a table, over UDP, and counts the questions.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

export interface DnsDouble {
  readonly port: number;
  /** Name → addresses; a name that is missing does not exist. */
  readonly records: Map<string, readonly string[]>;
  /** Seconds that answers hold. */
  ttl: number;
  /** How often a name was asked for. */
  questions(name: string): number;
  /** While true no question is answered. */
  silent: boolean;
  stop(): Promise<void>;
}

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

/** RFC 1035: the header, the question again, and one record per address, its name a pointer to the question's. */
function answerTo(question: Buffer, addresses: readonly string[] | undefined, ttl: number): Buffer {
  const { end } = readName(question);
  const type = question.readUInt16BE(end);
  const matching = (addresses ?? []).filter((address) => isIPv6(address) === (TYPES[type] === 'AAAA'));
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(addresses === undefined ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(matching.length, 6);
  const records = matching.map((address) => {
    const data = addressBytes(address);
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(ttl, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([header, question.subarray(12, end + 4), ...records]);
}

export async function startDns(records: Readonly<Record<string, readonly string[]>>): Promise<DnsDouble> {
  const socket: Socket = createSocket('udp4');
  const asked: string[] = [];
  const double: DnsDouble = {
    port: 0,
    records: new Map(Object.entries(records)),
    ttl: 60,
    silent: false,
    questions: (name) => asked.filter((other) => other === name).length,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', (message, sender) => {
    const { name } = readName(message);
    asked.push(name);
    if (!double.silent)
      socket.send(answerTo(message, double.records.get(name), double.ttl), sender.port, sender.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return Object.assign(double, { port: socket.address().port });
}
