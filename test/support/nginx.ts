// The real nginx with the real lua/ and no controller, for tests of the control API.
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LUA_FOLDER, selectionOf, TEMPLATE_FOLDER } from '../../controller/app.ts';
import { inspectNginx } from '../../controller/apply/binary.ts';
import { Control } from '../../controller/apply/control.ts';
import { Nginx } from '../../controller/apply/nginx.ts';
import { ensurePlaceholder } from '../../controller/apply/placeholder.ts';
import { NginxProcess } from '../../controller/apply/process.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { Graph } from '../../controller/model/graph.ts';
import { configRenderer } from '../../controller/render/config.ts';
import { CONFIG_FILES, RUN_FILES } from '../../controller/render/folders.ts';
import { Cluster } from '../../controller/watch/cluster.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './ports.ts';

export interface BareNginx {
  readonly http: number;
  readonly runDir: string;
  readonly control: Control;
  /** The one profile that is loaded: plain HTTP with the default body size. */
  readonly profile: string;
  stop(): Promise<void>;
}

export async function startBareNginx({ stateMegabytes = 64 } = {}): Promise<BareNginx> {
  const home = await mkdtemp(join(tmpdir(), 'sluice-lua-'));
  await chmod(home, 0o711);
  const runDir = join(home, 'run');
  const [httpPort = 0, httpsPort = 0] = await freePorts(2);
  const binary = await inspectNginx(process.env);
  const folders = { confDir: runDir, runDir, tempDir: join(home, 'temp') };
  const nginx = new Nginx(new NginxProcess(binary, folders), folders.confDir);
  await nginx.prepare();
  await ensurePlaceholder(runDir, new Date());
  const secret = randomBytes(32).toString('hex');
  await writeFile(join(runDir, CONFIG_FILES.secret), secret);
  const model = new Graph(new Cluster(), selectionOf(parseCommandLine([]).flags)).evaluate();
  const rendered = configRenderer(TEMPLATE_FOLDER)(
    model.settings,
    new Set(model.profiles.keys()),
    model,
    binary.abilities,
    {
      lua: LUA_FOLDER,
      ...folders,
      httpPort,
      httpsPort,
      listenIpv6: false,
      accessLog: null,
      openFiles: 1024,
      cores: 2,
      stateMegabytes,
      previousStateMegabytes: null,
      metrics: null,
    },
  );
  await nginx.start(rendered);
  const control = new Control(join(runDir, RUN_FILES.control), secret);
  await eventually(() => control.status(AbortSignal.timeout(1000)));
  return {
    http: httpPort,
    runDir,
    control,
    profile: [...rendered.needs][0] ?? '',
    stop: async () => {
      await nginx.stop(2000);
      await rm(home, { recursive: true, force: true });
    },
  };
}
