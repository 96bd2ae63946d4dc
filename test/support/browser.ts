// A headless Chromium, where the machine has one, spoken to over the Chrome DevTools Protocol.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { eventually } from './eventually.ts';

export type Scheme = 'light' | 'dark';

export interface Tab {
  /** Sets the size of the window, in CSS pixels, and the scheme that the user prefers. */
  emulate(width: number, height: number, scheme: Scheme): Promise<void>;
  /** Loads a page; with 'off', none of its scripts run. */
  open(url: string, scripts?: 'on' | 'off'): Promise<void>;
  /** The value of an expression in the page, as JSON can say it. */
  evaluate<T>(expression: string): Promise<T>;
  press(key: 'Tab' | 'Enter'): Promise<void>;
  /** A PNG of the window. */
  screenshot(): Promise<Buffer>;
}

export interface Browser extends Tab {
  /** What pages logged, and what the browser refused, such as by their Content-Security-Policy. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

/** Where Chromium is; null when there is none. */
export function findBrowser(): string | null {
  const named = process.env.SLUICE_CHROMIUM;
  const candidates = named === undefined ? ['chromium', 'chromium-browser', 'google-chrome'] : [named];
  return candidates.find((name) => spawnSync(name, ['--version'], { timeout: 10_000 }).status === 0) ?? null;
}

export async function startBrowser(program: string): Promise<Browser> {
  const home = await mkdtemp(join(tmpdir(), 'sluice-browser-'));
  const child = spawn(
    program,
    [
      '--headless=new',
      '--no-sandbox', // root in a container has none
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--hide-scrollbars',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--remote-debugging-port=0',
      `--user-data-dir=${home}`,
      'about:blank',
    ],
    { stdio: 'ignore' },
  );
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const session = await connect(await addressOf(home));
    return { ...tabOf(session), complaints: session.complaints, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** The WebSocket of its one tab. */
async function addressOf(home: string): Promise<string> {
  const port = await eventually(async () => {
    const [line = ''] = (await readFile(join(home, 'DevToolsActivePort'), 'utf8')).split('\n');
    if (line === '') throw new Error('no port yet');
    return line;
  });
  return eventually(async () => {
    const response = await fetch(`http://127.0.0.1:${port}/json/list`);
    const targets = (await response.json()) as { type: string; webSocketDebuggerUrl: string }[];
    const page = targets.find(({ type }) => type === 'page');
    if (page === undefined) throw new Error('no tab yet');
    return page.webSocketDebuggerUrl;
  });
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly entry?: { readonly text: string };
    readonly exceptionDetails?: { readonly text: string };
  };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Session {
  readonly complaints: string[];
  call<T>(method: string, params?: object): Promise<T>;
  /** Settles with the next event of this name. */
  next(method: string): Promise<void>;
}

async function connect(address: string): Promise<Session> {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  await once(socket, 'open');
  const complaints: string[] = [];
  const waiting = new Map<number, (message: Message) => void>();
  const listening = new Map<string, () => void>();
  let number = 0;
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    if (message.method !== undefined) listening.get(message.method)?.();
    const complaint = message.params?.entry?.text ?? message.params?.exceptionDetails?.text;
    if (complaint !== undefined) complaints.push(complaint);
  });
  const call = <T>(method: string, params: object = {}): Promise<T> =>
    new Promise((resolve, reject) => {
      number += 1;
      const id = number;
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id);
        if (error === undefined) resolve(result as T);
        else reject(new Error(`${method}: ${error.message}`));
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  for (const domain of ['Page', 'Runtime', 'Log']) await call(`${domain}.enable`);
  const next = (method: string): Promise<void> => new Promise((resolve) => listening.set(method, () => resolve()));
  return { complaints, call, next };
}

function tabOf({ call, next }: Session): Tab {
  return {
    emulate: async (width, height, scheme) => {
      await call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
      await call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    },
    open: async (url, scripts = 'on') => {
      await call('Emulation.setScriptExecutionDisabled', { value: scripts === 'off' });
      const loaded = next('Page.loadEventFired');
      await call('Page.navigate', { url });
      await loaded;
    },
    evaluate: async <T>(expression: string): Promise<T> => {
      const { result, exceptionDetails } = await call<{ result: { value: T }; exceptionDetails?: { text: string } }>(
        'Runtime.evaluate',
        { expression, returnByValue: true, awaitPromise: true },
      );
      if (exceptionDetails !== undefined) throw new Error(`${expression}: ${exceptionDetails.text}`);
      return result.value;
    },
    press: async (key) => {
      const codes = { Tab: 9, Enter: 13 };
      const text = key === 'Enter' ? { text: '\r' } : {};
      const params = { key, code: key, windowsVirtualKeyCode: codes[key], ...text };
      await call('Input.dispatchKeyEvent', { type: 'keyDown', ...params });
      await call('Input.dispatchKeyEvent', { type: 'keyUp', ...params });
    },
    screenshot: async () => {
      const { data } = await call<{ data: string }>('Page.captureScreenshot', { format: 'png' });
      return Buffer.from(data, 'base64');
    },
  };
}
