// What `npm start` runs: an echo backend for every endpoint in the example manifests, and the controller on the folder.
import { spawn } from 'node:child_process';
import type { Server } from 'node:http';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster } from '../controller/watch/cluster.ts';
import { ManifestFolder } from '../controller/watch/manifests.ts';
import { startEcho } from './echo.ts';

const FOLDER = import.meta.dirname;
const ROOT = resolve(FOLDER, '..');
const READY_DEADLINE_MS = 30_000;

/** The Pods of the examples: every endpoint of a slice or Endpoints object, with the name of its Service. */
async function readEndpoints(): Promise<{ name: string; address: string; port: number }[]> {
  const cluster = new Cluster();
  const errors: unknown[] = [];
  const folder = new ManifestFolder(FOLDER, cluster, { onChange: () => {}, onError: (error) => errors.push(error) });
  await folder.readOnce(new AbortController().signal);
  if (errors.length > 0) throw errors[0];
  const pods = new Map<string, { name: string; address: string; port: number }>();
  const add = (name: string, addresses: readonly string[], ports: readonly { port: number | null }[]): void => {
    for (const address of addresses) {
      for (const { port } of ports) if (port !== null) pods.set(`${address}:${port}`, { name, address, port });
    }
  };
  for (const object of cluster.objects()) {
    if (object.kind === 'EndpointSlice') {
      for (const { addresses } of object.endpoints) add(object.service ?? object.meta.name, addresses, object.ports);
    }
    if (object.kind === 'Endpoints') {
      for (const { addresses, ports } of object.subsets) add(object.meta.name, addresses, ports);
    }
  }
  return [...pods.values()];
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false;
  }
}

function flag(args: readonly string[], name: string, initial: number): number {
  const found = args.find((arg) => arg.startsWith(`--${name}=`));
  return found === undefined ? initial : Number(found.slice(name.length + 3));
}

const args = process.argv.slice(2);
const http = flag(args, 'http-port', 8080);
const https = flag(args, 'https-port', 8443);
const health = flag(args, 'healthz-port', 10254);

const servers: Server[] = [];
for (const { name, address, port } of await readEndpoints()) servers.push(await startEcho(name, address, port));

const controller = spawn(
  join(ROOT, 'bin', 'sluice'),
  [
    `--manifests=${FOLDER}`,
    `--run-dir=${join(ROOT, '.run')}`,
    `--http-port=${http}`,
    `--https-port=${https}`,
    '--post-shutdown-grace-period=0',
    '--log-format=text',
    '--enable-dashboard',
    ...args,
  ],
  { stdio: 'inherit', detached: true }, // a group of its own: Ctrl-C reaches it once, through us
);
let isOver = false;
controller.on('exit', (code) => {
  isOver = true;
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  process.exitCode = code ?? 1;
});
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.kill('SIGTERM'));

const deadline = Date.now() + READY_DEADLINE_MS;
while (!isOver && !(await isReady(health)) && Date.now() < deadline) await delay(50);
if (!isOver) {
  console.log(`
Sluice serves the manifests in examples/. Try:

  curl http://demo.localhost:${http}/
  curl http://demo.localhost:${http}/api/users?page=2
  curl http://localhost:${http}/                        # an extensions/v1beta1 Ingress, Endpoints by hand
  curl -i http://secure.localhost:${http}/path          # redirected to HTTPS
  curl -k https://secure.localhost:${https}/
  curl http://any.wild.localhost:${http}/               # wildcard host, ExternalName Service
  curl http://127.0.0.1:${health}/metrics
  http://127.0.0.1:${health}/dashboard                  # in a browser: what is served, what changed, what is wrong

Where curl does not resolve *.localhost: curl -H 'Host: demo.localhost' http://127.0.0.1:${http}/
Edit a file in examples/ and ask again: changes are live without a reload. Ctrl-C ends everything.
`);
}
