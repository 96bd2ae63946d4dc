// Takes the screenshots of docs/dashboard: a small shop with some of what goes wrong, its traffic, and a headless Chromium.
// usage: node_modules/.bin/node scripts/screenshots.ts [folder]

import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join, resolve } from 'node:path';
import type { Overview } from '../controller/dashboard/views.ts';
import { findBrowser, type Scheme, startBrowser } from '../test/support/browser.ts';
import { makePair } from '../test/support/certificates.ts';
import { ask } from '../test/support/client.ts';
import { eventually } from '../test/support/eventually.ts';
import { type Address, ingress, secret, workload } from '../test/support/objects.ts';
import { startSluice } from '../test/support/sluice.ts';

const DAY_MS = 86_400_000;
const FOLDER = resolve(import.meta.dirname, '..', 'docs/dashboard');

/** A Pod that answers 500 to this part of its requests; `address` below 127/8. */
async function startPod(address: string, failing: number): Promise<Address & { server: Server }> {
  let [asked, failed] = [0, 0];
  const server = createServer((_request, response) => {
    asked += 1;
    const fails = failed < asked * failing;
    if (fails) failed += 1;
    response.writeHead(fails ? 500 : 200).end('ok');
  });
  await new Promise<void>((done) => server.listen(8080, address, done));
  return { address, port: 8080, server };
}

function shopIngresses(): object[] {
  const tls = (name: string, host: string) => ({ tls: [{ hosts: [host], secretName: name }] });
  return [
    ingress({
      name: 'storefront',
      namespace: 'shop',
      host: 'shop.example.com',
      paths: [
        { path: '/', service: 'storefront' },
        { path: '/cart', service: 'cart' },
        { path: '/api/v1/orders', service: 'orders' },
      ],
      annotations: { 'proxy-read-timeout': '30', 'limit-rps': '5000' },
      ...tls('shop-tls', 'shop.example.com'),
    }),
    ingress({
      name: 'checkout',
      namespace: 'payments',
      host: 'pay.example.com',
      paths: [{ path: '/', service: 'checkout' }],
      annotations: { affinity: 'cookie', 'proxy-body-size': '8 MB', 'enable-modsecurity': 'true' },
      ...tls('pay-tls', 'pay.example.com'),
    }),
    ingress({
      name: 'admin',
      namespace: 'backoffice',
      host: 'admin.example.com',
      paths: [
        { path: '/', service: 'admin' },
        { path: '/reports', service: 'reports' },
      ],
      annotations: {
        'whitelist-source-range': '127.0.0.0/8,192.168.0.0/16',
        'auth-secret': 'staff',
        'auth-type': 'basic',
      },
      ...tls('admin-tls', 'admin.example.com'),
    }),
    ingress({
      name: 'media',
      namespace: 'content',
      host: '*.media.example.com',
      paths: [{ path: '/', service: 'media' }],
      annotations: { 'upstream-hash-by': '$request_uri', 'enable-cors': 'true' },
    }),
    ingress({
      name: 'old-shop',
      namespace: 'shop',
      host: 'www.example.com',
      paths: [{ path: '/', service: 'storefront' }],
      annotations: { 'permanent-redirect': 'https://shop.example.com' },
    }),
  ];
}

async function main(folder: string): Promise<void> {
  const program = findBrowser();
  if (program === null) throw new Error('there is no chromium; on Debian: apt-get install chromium');
  await using started = new AsyncDisposableStack();
  const pods: Awaited<ReturnType<typeof startPod>>[] = [];
  const pod = async (address: string, failing = 0): Promise<Address> => {
    const started = await startPod(address, failing);
    pods.push(started);
    return started;
  };
  started.defer(() => {
    for (const { server } of pods) {
      server.close();
      server.closeAllConnections();
    }
  });
  const storefront = [await pod('127.9.1.1'), await pod('127.9.1.2'), await pod('127.9.1.3')];
  const pair = (name: string, host: string, namespace: string, days: number) =>
    makePair([host], { notAfter: new Date(Date.now() + days * DAY_MS) }).then((made) => secret(name, made, namespace));
  const manifests = {
    'ingresses.yaml': shopIngresses(),
    'services.yaml': [
      ...workload('storefront', storefront, 'shop'),
      ...workload('cart', [await pod('127.9.2.1'), await pod('127.9.2.2', 0.04)], 'shop'),
      ...workload(
        'orders',
        [await pod('127.9.3.1'), { address: '127.9.3.9', port: 8080 }, await pod('127.9.3.2')],
        'shop',
      ),
      ...workload('checkout', [await pod('127.9.4.1'), await pod('127.9.4.2')], 'payments'),
      ...workload('admin', [await pod('127.9.5.1')], 'backoffice'),
      ...workload('media', [await pod('127.9.6.1'), await pod('127.9.6.2'), await pod('127.9.6.3')], 'content'),
    ],
    'secrets.yaml': [
      await pair('shop-tls', 'shop.example.com', 'shop', 61.5),
      await pair('pay-tls', 'pay.example.com', 'payments', 9.5),
      await pair('admin-tls', 'admin.example.com', 'backoffice', -2.5),
    ],
  };
  const sluice = await startSluice({ manifests, flags: ['--enable-dashboard'] });
  started.defer(async () => void (await sluice.stop()));
  const pages = `http://127.0.0.1:${sluice.health}/dashboard`;

  const kinds: readonly (readonly [host: string, path: string, weight: number])[] = [
    ['shop.example.com', '/', 9],
    ['shop.example.com', '/cart', 5],
    ['shop.example.com', '/api/v1/orders', 4],
    ['pay.example.com', '/', 3],
    ['admin.example.com', '/reports', 1],
    ['cdn.media.example.com', '/a.png', 6],
  ];
  const overTls = (host: string, path: string) => ask({ port: sluice.https, host, path, tls: true }).catch(() => null);
  const traffic = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      await Promise.all(
        kinds.flatMap(([host, path, weight]) => Array.from({ length: weight }, () => overTls(host, path))),
      );
    }
  };
  // A rollout, and a setting that needs a reload.
  await sluice.write('rollout.yaml', workload('partners', [await pod('127.9.7.1'), await pod('127.9.7.2')], 'shop'));
  await sluice.write('api.yaml', [
    ingress({
      name: 'partners',
      namespace: 'shop',
      host: 'partners.example.com',
      paths: [{ path: '/', service: 'partners' }],
      annotations: { 'proxy-buffering': 'on', 'proxy-buffer-size': '16k' },
    }),
  ]);
  // Until there is a rate: figures are taken every five seconds.
  await eventually(async () => {
    await traffic(8);
    const view = (await (await fetch(`${pages}/api/overview`)).json()) as Overview;
    if (view.reloads === 0 || !view.traffic.perSecond || view.traffic.requests < 4000) throw new Error('not yet');
  }, 60_000);

  const browser = await startBrowser(program);
  started.defer(() => browser.stop());
  await mkdir(folder, { recursive: true });
  const shots: readonly (readonly [file: string, path: string, scheme: Scheme, height: number])[] = [
    ['overview-light', '', 'light', 970],
    ['overview-dark', '', 'dark', 970],
    ['lookup-light', '/lookup?url=https://shop.example.com/api/v1/orders/17', 'light', 600],
  ];
  for (const [file, path, scheme, height] of shots) {
    await browser.emulate(1240, height, scheme);
    await browser.open(`${pages}${path}`);
    const name = join(folder, `${file}.png`);
    await writeFile(name, await browser.screenshot());
    // A quarter of the size, where Debian's pngquant is installed.
    spawnSync('pngquant', ['--force', '--ext=.png', '--strip', '64', name]);
    console.log(name);
  }
  for (const complaint of browser.complaints) console.error(`the browser complains: ${complaint}`);
}

await main(process.argv[2] === undefined ? FOLDER : resolve(process.argv[2]));
