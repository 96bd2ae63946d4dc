// Browsers with sticky sessions under steady load, and the Pods that served them.
import { expect } from 'chai';
import type { EchoAnswer } from '../../examples/echo.ts';
import { eventually } from './eventually.ts';
import { figure, tally } from './figure.ts';
import { type Answered, type Http1Load, startLoad } from './load.ts';

/** A session that was served by another Pod than before; `at` as performance.now(). */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly at: number;
}

export interface Sessions {
  /** Waits until so many more requests of each session were served. */
  more(count: number): Promise<void>;
  moves(): readonly Move[];
  stop(): Promise<void>;
  /** After stop(): prints how much it was; fails when a request was lost, or when a session had fewer than that. */
  expectNoLoss(minimum: number): void;
}

/** Each of `count` browsers sends one request after the other, with the cookie that it was given last. */
export function openSessions(port: number, host: string, count: number): Sessions {
  const moves: Move[] = [];
  const open = (): Http1Load => {
    let cookie: string | undefined;
    let at: string | null = null;
    const onAnswer = ({ headers, body }: Answered): void => {
      cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? cookie;
      const { backend } = JSON.parse(body) as EchoAnswer;
      if (at !== null && at !== backend) moves.push({ from: at, to: backend, at: performance.now() });
      at = backend;
    };
    const headers = (): Record<string, string> => (cookie === undefined ? {} : { Cookie: cookie });
    return startLoad(port, host, 1, { headers, onAnswer });
  };
  const loads = Array.from({ length: count }, open);
  const lost = (): string[] => loads.flatMap((load) => load.lost);
  const served = (): number[] => loads.map((load) => load.served);
  return {
    more: async (wanted) => {
      const before = served();
      await eventually(() => {
        const isStuck = served().some((now, i) => now < (before[i] ?? 0) + wanted);
        if (isStuck && lost().length === 0) throw new Error(`served ${served()}, before ${before}`);
      }, 20_000);
    },
    moves: () => moves,
    stop: async () => {
      await Promise.all(loads.map((load) => load.stop()));
    },
    expectNoLoss: (minimum) => {
      const all = served().reduce((sum, one) => sum + one, 0);
      figure(`${count} sessions, ${all} requests, ${moves.length} moves; ${tally(lost())} lost`);
      expect(lost()).to.deep.equal([]);
      expect(Math.min(...served())).to.be.at.least(minimum);
    },
  };
}
