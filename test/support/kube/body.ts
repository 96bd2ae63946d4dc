// Reads the body of a request.
import type { IncomingMessage } from 'node:http';
import { isRecord } from './raw.ts';
import { badRequest, unsupportedMediaType } from './status.ts';

export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** "application/json" from "application/json; charset=UTF-8"; '' when none is said. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
}

export async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!['', 'application/json'].includes(mediaType(request))) throw unsupportedMediaType(['application/json']);
  return parseJson(await readText(request));
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`the object provided is unrecognized (must be of type JSON): ${(error as Error).message}`);
  }
}

export function readRecord(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw badRequest('the body of the request is no object');
  return value;
}
