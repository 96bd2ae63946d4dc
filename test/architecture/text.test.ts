// Rules that the text of the sources must obey; each has bitten somebody (ARCHITECTURE.md).
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { SPECS } from '../../controller/feature/registry.ts';
import { NOT_SUPPORTED } from '../../controller/feature/unsupported.ts';
import { FLAGS, REMOVED_FLAGS, UNSUPPORTED_FLAGS } from '../../controller/flags.ts';
import { supportedKeys } from '../../controller/model/settings.ts';

const ROOT = resolve(import.meta.dirname, '../..');

function files(folder: string, extension: string): { file: string; text: string }[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(extension))
    .map((file) => ({ file: `${folder}/${file}`, text: readFileSync(join(ROOT, folder, file), 'utf8') }));
}

function spec<T>(name: string): T {
  return parse(readFileSync(join(ROOT, 'docs/spec', name), 'utf8')) as T;
}

describe('text of the sources', () => {
  it('no test sleeps: eventually.ts alone waits, and only between looks; the API server double has a clock', () => {
    const sleepers = files('test', '.ts').filter(
      ({ file, text }) =>
        !file.endsWith('support/eventually.ts') &&
        !file.endsWith('support/kube/timers.ts') &&
        !file.endsWith('architecture/text.test.ts') &&
        /timers\/promises|setTimeout\(|setInterval\(/.test(text),
    );
    expect(sleepers.map(({ file }) => file)).to.deep.equal([]);
  });

  it('templates print escaped tokens only', () => {
    expect(files('templates', '.hbs').filter(({ text }) => /\{\{\{|\{\{&/.test(text))).to.deep.equal([]);
  });

  it('every access handler ends with DECLINED, and "satisfy any", under which it would open the door, is not rendered', () => {
    const texts = [...files('templates', '.hbs'), ...files('controller', '.ts'), ...files('lua', '.lua')];
    const handlers = texts.flatMap(({ text }) =>
      text.split('\n').filter((line) => /access_by_lua_(block|file)/.test(line)),
    );
    expect(handlers).to.not.be.empty;
    for (const line of handlers)
      expect(line).to.match(/access_by_lua_block \{.* return ngx\.exit\(ngx\.DECLINED\) \}$/);
    const rendered = files('templates', '.hbs').filter(({ text }) => /^\s*satisfy\b/m.test(text));
    const written = files('controller', '.ts').filter(({ text }) => /directives\.(set|add)\('satisfy'/.test(text));
    expect([...rendered, ...written].map(({ file }) => file)).to.deep.equal([]);
  });

  it('the question of external authentication has no error page that would turn a refusal into a good answer (R19)', () => {
    const question = readFileSync(join(ROOT, 'templates/auth-question.hbs'), 'utf8');
    expect(question).to.match(/^ +error_page 418 /m); // one of its own: none is inherited
    expect(question)
      .to.match(/^ +proxy_intercept_errors off;/m)
      .and.to.match(/^ +internal;/m);
  });

  it('workers read no Lua file: phases are blocks over modules that init.lua loads', () => {
    const templates = files('templates', '.hbs')
      .map(({ text }) => text)
      .join('\n');
    expect(templates).to.not.contain('_by_lua_file');
    const init = readFileSync(join(ROOT, 'lua/init.lua'), 'utf8');
    const used = [...templates.matchAll(/require\("([^"]+)"\)/g)]
      .map(([, name]) => name)
      .filter((name) => name !== 'init');
    expect(used).to.not.be.empty;
    for (const name of used) expect(init, `lua/init.lua does not load ${name}`).to.contain(`require("${name}")`);
  });

  it('every flag of the old controller is known: supported, or a warning', () => {
    const { flags, removed_flags: removed } = spec<{ flags: { name: string }[]; removed_flags: { name: string }[] }>(
      'flags.yaml',
    );
    const known = new Set([...Object.keys(FLAGS), ...UNSUPPORTED_FLAGS]);
    expect(flags.map(({ name }) => name).filter((name) => !known.has(name))).to.deep.equal([]);
    expect(removed.map(({ name }) => name).filter((name) => !REMOVED_FLAGS.has(name))).to.deep.equal([]);
  });

  it('every annotation of the old controller is known: supported, without effect, or a guard', () => {
    const { annotations } = spec<{ annotations: { name: string; aliases?: string[] | null }[] }>('annotations.yaml');
    const ofOldOnes = [...SPECS].filter(([, { doc }]) => !doc.startsWith('Own: ')).map(([name]) => name);
    const known = new Set([...ofOldOnes, ...NOT_SUPPORTED.keys()]);
    const names = annotations.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]);
    expect([...known].sort()).to.deep.equal([...new Set(names)].sort());
  });

  it('every ConfigMap key that has an effect is one of the old controller', () => {
    const { keys } = spec<{ keys: { key?: string; name?: string }[] }>('configmap.yaml');
    const known = new Set(keys.map(({ key, name }) => key ?? name));
    expect(supportedKeys().filter((key) => !known.has(key))).to.deep.equal([]);
  });
});
