import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { type Binary, inspectNginx, NginxUnavailable } from '../../controller/apply/binary.ts';

describe('nginx -V', () => {
  let home: string;

  /** A program that prints what an nginx prints for -V. */
  const fake = async (path: string, output: string): Promise<string> => {
    const file = join(home, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\ncat >&2 <<'EOF'\n${output}\nEOF\n`);
    await chmod(file, 0o755);
    return file;
  };
  const inspect = (environment: Record<string, string>): Promise<Binary> => inspectNginx(environment);
  const refusal = (environment: Record<string, string>): Promise<unknown> =>
    inspectNginx(environment).then(
      () => null,
      (error: unknown) => error,
    );

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'sluice-binary-'));
  });
  afterEach(() => rm(home, { recursive: true }));

  it('OpenResty has its modules built in and its Lua libraries beside it, also behind a link', async () => {
    const real = await fake(
      'openresty/nginx/sbin/nginx',
      'nginx version: openresty/1.29.2.1\nconfigure arguments: --prefix=/x --add-module=../ngx_lua-0.10.29',
    );
    await mkdir(join(home, 'openresty/lualib'));
    await mkdir(join(home, 'bin'));
    await symlink(real, join(home, 'bin/openresty'));
    const { path, version, abilities } = await inspect({ PATH: join(home, 'bin') });
    expect(path).to.equal(real);
    expect(version).to.equal('openresty/1.29.2.1');
    expect(abilities).to.include({ http2Directive: true, keepaliveMinTimeout: true });
    expect(abilities.modules).to.deep.equal([]);
    expect(abilities.luaPath).to.contain(`${join(home, 'openresty/lualib')}/?.lua`);
    expect(abilities.luaCpath).to.contain(`${join(home, 'openresty/lualib')}/?.so`);
  });

  it('Debian: modules are loaded from their folder, Lua libraries from the distribution', async () => {
    const file = await fake(
      'nginx',
      `nginx version: nginx/1.22.1\nconfigure arguments: --modules-path=${home}/modules --with-compat`,
    );
    await mkdir(join(home, 'modules'));
    for (const name of ['ndk_http_module.so', 'ngx_http_lua_module.so'])
      await writeFile(join(home, 'modules', name), '');
    const { abilities } = await inspect({ SLUICE_NGINX: file });
    expect(abilities.modules).to.deep.equal([
      join(home, 'modules/ndk_http_module.so'),
      join(home, 'modules/ngx_http_lua_module.so'),
    ]);
    expect(abilities).to.include({ http2Directive: false, keepaliveMinTimeout: false, headersMore: false });
    expect(abilities.luaPath).to.contain('/usr/share/lua/5.1');
  });

  it('more_set_headers is there when its module is: built in, or a file beside the Lua module', async () => {
    const known = await fake(
      'built-in',
      'nginx version: openresty/1.29.2.1\nconfigure arguments: --add-module=../headers-more-nginx-module-0.37 --add-module=../ngx_lua-0.10.29',
    );
    const { abilities } = await inspect({ SLUICE_NGINX: known });
    expect(abilities).to.deep.include({ headersMore: true, modules: [] });
    const debian = await fake('nginx', `nginx version: nginx/1.22.1\nconfigure arguments: --modules-path=${home}/m`);
    await mkdir(join(home, 'm'));
    const files = ['ndk_http_module.so', 'ngx_http_lua_module.so', 'ngx_http_headers_more_filter_module.so'];
    for (const name of files) await writeFile(join(home, 'm', name), '');
    const packaged = (await inspect({ SLUICE_NGINX: debian })).abilities;
    expect(packaged.headersMore).to.equal(true);
    expect(packaged.modules).to.deep.equal(files.map((name) => join(home, 'm', name)));
  });

  it('takes the version apart for what came when', async () => {
    const at = async (version: string): Promise<boolean[]> => {
      const file = await fake(
        'nginx',
        `nginx version: nginx/${version}\nconfigure arguments: --add-module=/x/lua-nginx-module`,
      );
      const { abilities } = await inspect({ SLUICE_NGINX: file });
      return [abilities.http2Directive, abilities.keepaliveMinTimeout];
    };
    expect(await at('1.25.0')).to.deep.equal([false, false]);
    expect(await at('1.25.1')).to.deep.equal([true, false]);
    expect(await at('1.27.3')).to.deep.equal([true, false]);
    expect(await at('1.27.4')).to.deep.equal([true, true]);
  });

  it('environment variables name other Lua libraries', async () => {
    const file = await fake(
      'nginx',
      'nginx version: nginx/1.29.2\nconfigure arguments: --add-module=/x/lua-nginx-module',
    );
    const { abilities } = await inspect({
      SLUICE_NGINX: file,
      SLUICE_LUA_PATH: '/own/?.lua',
      SLUICE_LUA_CPATH: '/own/?.so',
    });
    expect(abilities).to.include({ luaPath: '/own/?.lua;;', luaCpath: '/own/?.so;;' });
  });

  it('says how to get what is missing', async () => {
    const notNginx = await fake('other', 'Apache');
    for (const environment of [{ SLUICE_NGINX: join(home, 'none') }, { SLUICE_NGINX: notNginx }]) {
      const error = await refusal(environment);
      expect(error).to.be.instanceOf(NginxUnavailable);
      expect(String(error)).to.contain('apt-get install nginx libnginx-mod-http-lua');
    }
  });
});
