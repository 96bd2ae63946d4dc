// Names of HTTP headers that users write, and the ones that belong to connections and framing, which are nginx's business alone
// (R20).

const NAME = /^[A-Za-z0-9_-]{1,100}$/;

const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What is wrong with a name; null when it may be set. */
export function refusedHeader(name: string): string | null {
  if (!NAME.test(name)) return 'is not the name of a header';
  return OF_CONNECTION.has(name.toLowerCase()) ? 'belongs to the connection, and cannot be set' : null;
}
