// What the nginx binary can do: asked with `nginx -V`, for Debian's nginx with modules from packages and for OpenResty.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, constants, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Abilities } from '../render/config.ts';

const run = promisify(execFile);

export interface Binary {
  readonly path: string;
  /** "nginx/1.22.1" or "openresty/1.29.2.1", as the binary says. */
  readonly version: string;
  readonly abilities: Abilities;
}

/** nginx is missing or lacks what Sluice needs; the message says how to get it. */
export class NginxUnavailable extends Error {
  override readonly name = 'NginxUnavailable';
  readonly code = 'nginx-unavailable';
}

const HOW_TO_GET =
  'install nginx with the Lua module (Debian and Ubuntu: apt-get install nginx libnginx-mod-http-lua lua-resty-core lua-cjson), or OpenResty, or name a binary with SLUICE_NGINX';

const CANDIDATES = ['/usr/local/openresty/nginx/sbin/nginx', '/usr/sbin/nginx', '/usr/local/sbin/nginx'];

/** Modules that Sluice loads when the binary does not have them built in, in load order. */
const MODULE_FILES = ['ndk_http_module.so', 'ngx_http_lua_module.so'];

/** Of more_set_headers, the directive that snippets use most; loaded where it is there. */
const HEADERS_MORE = 'ngx_http_headers_more_filter_module.so';

const DEBIAN_LUA_PATH = '/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua';

/**
 * Finds nginx and what it can do. Environment: SLUICE_NGINX names the binary (NGINX_BINARY, the old name, too),
 * SLUICE_LUA_PATH and SLUICE_LUA_CPATH the Lua search paths of lua-resty-core and lua-cjson.
 */
export async function inspectNginx(environment: NodeJS.ProcessEnv): Promise<Binary> {
  const path = await realpath(await findBinary(environment)); // OpenResty's files lie around the real one
  let output: string;
  try {
    output = (await run(path, ['-V'])).stderr;
  } catch (cause) {
    throw new NginxUnavailable(`running ${path} -V failed: ${HOW_TO_GET}`, { cause });
  }
  const version = /nginx version: (\S+)/.exec(output)?.[1];
  const numbers = /\/(\d+)\.(\d+)\.(\d+)/.exec(version ?? '');
  if (version === undefined || numbers === null) throw new NginxUnavailable(`${path} is not an nginx: ${HOW_TO_GET}`);
  const modules = findModules(output, path);
  const number = Number(numbers[1]) * 1e6 + Number(numbers[2]) * 1e3 + Number(numbers[3]);
  return {
    path,
    version,
    abilities: {
      modules,
      http2Directive: number >= 1_025_001,
      keepaliveMinTimeout: number >= 1_027_004,
      headersMore: hasHeadersMore(output, modules),
      ...luaPaths(version, path, environment),
    },
  };
}

async function findBinary(environment: NodeJS.ProcessEnv): Promise<string> {
  const named = environment.SLUICE_NGINX ?? environment.NGINX_BINARY;
  if (named !== undefined && named !== '') {
    if (await isExecutable(named)) return named;
    throw new NginxUnavailable(`SLUICE_NGINX is ${named}, which cannot be executed: ${HOW_TO_GET}`);
  }
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const names = [...folders.map((folder) => join(folder, 'openresty')), ...CANDIDATES];
  for (const candidate of [...names, ...folders.map((folder) => join(folder, 'nginx'))]) {
    if (await isExecutable(candidate)) return candidate;
  }
  throw new NginxUnavailable(`there is no nginx on this machine: ${HOW_TO_GET}`);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findModules(output: string, path: string): string[] {
  const configured = /--modules-path=(\S+)/.exec(output)?.[1];
  const prefix = /--prefix=(\S+)/.exec(output)?.[1] ?? dirname(dirname(path));
  const own = [configured, join(prefix, 'modules')].filter((folder) => folder !== undefined);
  const headersMore = (folders: readonly string[]): string[] =>
    isBuiltIn(output)
      ? []
      : folders
          .map((folder) => join(folder, HEADERS_MORE))
          .filter((file) => existsSync(file))
          .slice(0, 1);
  // Modules of the distribution are not for a binary of another make.
  if (/--add-module=\S*(ngx_lua|lua-nginx-module)/.test(output)) return headersMore(own);
  for (const folder of [...own, '/usr/share/nginx/modules', '/usr/lib/nginx/modules']) {
    const files = MODULE_FILES.map((file) => join(folder, file));
    if (files.every((file) => existsSync(file))) return [...files, ...headersMore([folder])];
  }
  throw new NginxUnavailable(`${path} has no Lua module (${MODULE_FILES.join(', ')} not found): ${HOW_TO_GET}`);
}

function isBuiltIn(output: string): boolean {
  return /--add-module=\S*headers-more/.test(output);
}

function hasHeadersMore(output: string, modules: readonly string[]): boolean {
  return isBuiltIn(output) || modules.some((file) => file.endsWith(HEADERS_MORE));
}

function luaPaths(version: string, path: string, environment: NodeJS.ProcessEnv) {
  const openresty = version.startsWith('openresty/') ? join(dirname(path), '../../lualib') : null;
  const bundled = openresty !== null && existsSync(openresty) ? openresty : null;
  const luaPath = bundled === null ? DEBIAN_LUA_PATH : `${bundled}/?.lua;${bundled}/?/init.lua`;
  return {
    luaPath: `${environment.SLUICE_LUA_PATH ?? luaPath};;`,
    luaCpath: `${environment.SLUICE_LUA_CPATH ?? (bundled === null ? debianCpath() : `${bundled}/?.so`)};;`,
  };
}

/** Debian keeps C modules in a folder named by the architecture. */
function debianCpath(): string {
  const triplets: Readonly<Record<string, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
  return `/usr/lib/${triplets[process.arch] ?? process.arch}/lua/5.1/?.so`;
}
