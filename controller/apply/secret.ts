// Who may speak on our sockets: who knows the secret of the configuration folder. Configuration of tenants that reaches a socket, or
// a folder that lost its mode, is not enough.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { SECRET_HEADER } from './protocol.ts';

const MIN_SECRET_CHARACTERS = 32;

/** The secret is the controller's to write, perhaps after we started, so it is read each time. */
export async function knowsSecret(request: IncomingMessage, secretFile: string): Promise<boolean> {
  const known = (await readFile(secretFile, 'utf8').catch(() => '')).trim();
  const said = request.headers[SECRET_HEADER];
  if (known.length < MIN_SECRET_CHARACTERS || typeof said !== 'string') return false;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(known), digest(said));
}
