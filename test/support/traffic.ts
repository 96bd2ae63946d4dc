// What a site's clients send, several kinds at once, with every lost request counted.
import { expect } from 'chai';
import { eventually } from './eventually.ts';
import { figure, tally } from './figure.ts';
import { type Load, type LoadOptions, startLoad } from './load.ts';
import { type Http2Load, startHttp2Load } from './load-http2.ts';
import type { Sluice } from './sluice.ts';

/** GETs over connections that are kept, that are new each time, over HTTP/2; and POSTs over kept ones. */
export type Kind = 'kept' | 'new' | 'http2' | 'post';

const KINDS: Readonly<Record<Kind, LoadOptions>> = {
  kept: {},
  new: { connection: 'new' },
  http2: {},
  post: { method: 'POST', body: 'posted' },
};

export interface Traffic {
  /** Answers with status 200 so far. */
  readonly served: number;
  /** Waits until so many more were served of each kind; fails once a request is lost. */
  more(count: number): Promise<void>;
  /** Ends after the requests under way. */
  stop(): Promise<void>;
  /**
   * Ends it and prints how much it was; fails when a request was lost, when a kind had fewer requests than that, or when more
   * connections of HTTP/2 were cut without GOAWAY than `cuts`.
   */
  expectNoLoss(minimum: number, cuts?: number): Promise<void>;
}

/** `kept` are the options of the load over kept connections, of which there are so many. */
export function startTraffic(
  sluice: Sluice,
  host: string,
  kinds: readonly Kind[] = ['kept', 'new', 'http2', 'post'],
  { connections = 3, ...kept }: LoadOptions & { readonly connections?: number } = {},
): Traffic {
  const loads = new Map<Kind, Load>();
  const http2: Http2Load | null = kinds.includes('http2') ? startHttp2Load(sluice.https, host, 1) : null;
  for (const kind of kinds) {
    if (kind === 'http2' && http2 !== null) loads.set(kind, http2);
    else if (kind === 'kept') loads.set(kind, startLoad(sluice.http, host, connections, kept));
    else loads.set(kind, startLoad(sluice.http, host, 1, KINDS[kind]));
  }
  const lost = (): string[] => [...loads].flatMap(([kind, load]) => load.lost.map((why) => `${kind}: ${why}`));
  const stop = async (): Promise<void> => {
    await Promise.all([...loads.values()].map((load) => load.stop()));
  };
  return {
    get served() {
      return loads.values().reduce((sum, load) => sum + load.served, 0);
    },
    more: async (count) => {
      const goals = [...loads.values()].map((load) => ({ load, goal: load.served + count }));
      await eventually(() => {
        for (const { load, goal } of goals) {
          if (load.lost.length === 0) expect(load.served).to.be.at.least(goal);
        }
      }, 20_000);
      expect(lost()).to.deep.equal([]);
    },
    stop,
    expectNoLoss: async (minimum, cuts = 0) => {
      await stop();
      figure(
        `${[...loads].map(([kind, load]) => `${kind} ${load.served}`).join(', ')} requests; ${tally(lost())} lost`,
      );
      expect(lost()).to.deep.equal([]);
      expect(http2?.cut ?? 0, 'connections of HTTP/2 cut').to.be.at.most(cuts);
      for (const [kind, load] of loads) expect(load.served, kind).to.be.at.least(minimum);
    },
  };
}
