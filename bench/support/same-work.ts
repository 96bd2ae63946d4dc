// Makes sure, before anything is measured, that Sluice and plain nginx do the same work, and which processes do it.
import { ask } from '../../test/support/client.ts';
import type { Sluice } from '../../test/support/sluice.ts';
import type { PlainNginx } from './plain-nginx.ts';

/** Sluice's only nginx worker; throws when there are others. */
export async function onlyWorker(sluice: Sluice, signal: AbortSignal): Promise<number> {
  const { workers } = await sluice.control.status(signal);
  const [worker, ...others] = workers;
  if (worker === undefined || others.length > 0)
    throw new Error(`Sluice runs ${workers.length} nginx workers, not one`);
  return worker.pid;
}

export async function onlyChild(nginx: PlainNginx): Promise<number> {
  const workers = await nginx.workers();
  const [worker, ...others] = workers;
  if (worker === undefined || others.length > 0) throw new Error(`plain nginx runs ${workers.length} workers, not one`);
  return worker;
}

export interface Question {
  readonly host: string;
  /** The path that reaches the backend as /bench-seen, which answers with the headers that it got. */
  readonly seenPath: string;
  readonly sent: Readonly<Record<string, string>>;
  /** Headers of answers that need not be the same. */
  readonly ignored: readonly string[];
}

/** Both must do the same work: the backend and the client see the same headers. The ports are Sluice's and plain nginx's. */
export async function expectSame(question: Question, ours: number, plain: number): Promise<void> {
  const [a, b] = await Promise.all([seen(question, ours), seen(question, plain)]);
  if (a !== b) throw new Error(`Sluice and plain nginx do not do the same:\n${a}\n${b}`);
}

async function seen({ host, seenPath, sent, ignored }: Question, port: number): Promise<string> {
  const { status, headers, body } = await ask({ port, host, path: seenPath, headers: sent });
  if (!body.startsWith('host: ')) throw new Error(`${seenPath} does not show what the backend got: ${body}`);
  // Sluice shows no Server (HDR-09), plain nginx must.
  const answer = Object.entries(headers).filter(([name]) => !['date', 'server', ...ignored].includes(name));
  const request = body.replace(/x_request_id: [0-9a-f]{32}/, 'x_request_id: ID').replaceAll(String(port), 'PORT');
  return JSON.stringify({ status, answer: Object.fromEntries(answer.sort()), request });
}
