// One watch: a chunked answer with a JSON event a line, and the ways in which such a connection goes wrong.
// https://kubernetes.io/docs/reference/using-api/api-concepts/, sections "Efficient detection of changes" and "Watch bookmarks".
import type { ServerResponse } from 'node:http';
import type { RawObject } from './raw.ts';
import { type ApiRequest, flagged, matchOf } from './request.ts';
import { apiVersionOf } from './resources.ts';
import type { Match } from './selectors.ts';
import type { Status } from './status.ts';
import { type Change, Stored } from './store.ts';

/** What can happen to an open watch: see the methods of these names. */
export type Disturbance = 'end' | 'reset' | 'freeze' | 'truncate' | 'garble' | 'expire';

export class Watch {
  readonly request: ApiRequest;
  readonly #response: ServerResponse;
  readonly #matches: Match;
  /** Changes up to here are known to the client. */
  #seen: number;
  #state: 'live' | 'frozen' | 'closed' = 'live';

  /** `from`: the revision after which changes are sent. */
  constructor(response: ServerResponse, request: ApiRequest, from: number) {
    this.request = request;
    this.#response = response;
    this.#matches = matchOf(request);
    this.#seen = from;
    response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
    response.flushHeaders();
  }

  /** One event for an object that is there when the watch begins. */
  initial(stored: Stored): void {
    this.#send('ADDED', stored.json);
  }

  /** An object that begins or ceases to match the selectors is added or deleted for this watch. */
  change({ revision, resource, before, after }: Change): void {
    if (resource !== this.request.resource || revision <= this.#seen) return;
    this.#seen = revision;
    const was = before !== null && this.#matches(before.object);
    const is = after !== null && this.#matches(after.object);
    if (is) this.#send(was ? 'MODIFIED' : 'ADDED', after.json);
    // The last state that the client knew, at the revision of the deletion.
    else if (was) this.#send('DELETED', new Stored(resource, before.key, revision, before.object).json);
  }

  /** Sent only to who asked for them, and never with a revision older than the one asked for. */
  bookmark(revision: number, annotations: Readonly<Record<string, string>> = {}): void {
    if (!flagged(this.request.query, 'allowWatchBookmarks') || revision < this.#seen) return;
    this.#seen = revision;
    const { resource } = this.request;
    const object: RawObject = {
      kind: resource.kind,
      apiVersion: apiVersionOf(resource),
      metadata: {
        resourceVersion: String(revision),
        creationTimestamp: null,
        ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      },
    };
    this.#send('BOOKMARK', JSON.stringify(object));
  }

  /** An ERROR event, and the end. */
  fail(status: Status): void {
    this.#send('ERROR', JSON.stringify(status));
    this.end();
  }

  /** Says "410 Gone" in an event, as the real one does when its watch cache lost the place. */
  expire(): void {
    this.fail({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `too old resource version: ${this.#seen}`,
      reason: 'Expired',
      code: 410,
    });
  }

  /** timeoutSeconds passed: a clean end, unless nothing reaches the client any more. */
  timeOut(): void {
    if (this.#state === 'live') this.end();
  }

  /** A clean end, as when an API server shuts down. */
  end(): void {
    this.#state = 'closed';
    this.#response.end();
  }

  /** The connection is cut. */
  reset(): void {
    this.#state = 'closed';
    this.#response.destroy();
  }

  /** Half-open: the connection stays, without a byte and without an end, as behind a load balancer that lost its state. */
  freeze(): void {
    if (this.#state === 'live') this.#state = 'frozen';
  }

  /** Half an event, then a clean end. */
  truncate(): void {
    this.#write('{"type":"MODIFIED","object":{"kind":"');
    this.end();
  }

  /** A line that is no JSON; the watch goes on after it. */
  garble(): void {
    this.#write('{"type":MODIFIED,,}\n');
  }

  #send(type: string, json: string): void {
    this.#write(`{"type":"${type}","object":${json}}\n`);
  }

  #write(text: string): void {
    if (this.#state === 'live') this.#response.write(text);
  }
}
