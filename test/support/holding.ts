// An endpoint that answers when the test lets it, as a busy one does.
import { createServer, type ServerResponse } from 'node:http';
import { type Listener, listen } from './listener.ts';

export interface HoldingPod extends Listener {
  /** How many requests wait for their answer. */
  waiting(): number;
  /** The most that ever did. */
  peak(): number;
  /** Answers all that wait, and those that come, at once; `hold()` makes it wait again. */
  release(): void;
  hold(): void;
}

/** It calls itself `name` in its answers, as an echo would. */
export async function startHoldingPod(name: string, address: string): Promise<HoldingPod> {
  const held = new Set<ServerResponse>();
  let peak = 0;
  let isHolding = true;
  const answer = (response: ServerResponse): void => void response.end(JSON.stringify({ backend: name }));
  const server = createServer((_, response) => {
    if (!isHolding) return answer(response);
    held.add(response);
    peak = Math.max(peak, held.size);
    response.on('close', () => held.delete(response));
  });
  return {
    ...(await listen(server, address)),
    waiting: () => held.size,
    peak: () => peak,
    release: () => {
      isHolding = false;
      for (const response of held) answer(response);
    },
    hold: () => {
      isHolding = true;
      peak = 0;
    },
  };
}
