// An endpoint that answers late, as an overloaded one does.
import { createServer } from 'node:http';
import { type Listener, listen } from './listener.ts';

export interface SlowPod extends Listener {
  requests(): number;
}

/** Each answer takes this many milliseconds; it calls the backend `name`, as an echo would. */
export async function startSlowPod(name: string, address: string, milliseconds: number): Promise<SlowPod> {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    const late = AbortSignal.timeout(milliseconds);
    late.addEventListener('abort', () => response.end(JSON.stringify({ backend: name })));
  });
  return { ...(await listen(server, address)), requests: () => requests };
}
