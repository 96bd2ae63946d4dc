import { expect } from 'chai';
import { selectionOf } from '../../controller/app.ts';
import { judge, refusedTextProblems } from '../../controller/apply/free-text.ts';
import { ConfigRefused } from '../../controller/apply/process.ts';
import { parseCommandLine } from '../../controller/flags.ts';
import { normalise } from '../../controller/kube/normalise.ts';
import { FREE_TEXTS, readSettings, type Settings } from '../../controller/model/settings.ts';
import { Cluster } from '../../controller/watch/cluster.ts';
import { configMap } from '../support/objects.ts';

function settingsOf(data: Record<string, string>): Settings {
  const cluster = new Cluster();
  const result = normalise(configMap('settings', data), 'default');
  if (result.kind === 'object') cluster.put(result.object);
  return readSettings(cluster, selectionOf(parseCommandLine(['--configmap=default/settings']).flags)).settings;
}

/** An nginx that refuses settings for what they contain. */
function nginx(refuses: (settings: Settings) => string | null) {
  const tests = { count: 0 };
  const test = async (settings: Settings): Promise<void> => {
    tests.count += 1;
    const reason = refuses(settings);
    if (reason !== null) throw new ConfigRefused(`nginx: [emerg] ${reason} in /x/nginx.conf:3`);
  };
  return { tests, test };
}

describe('texts of the settings that only nginx can judge', () => {
  const TEXTS = {
    'http-snippet': 'bad on;',
    'server-snippet': 'good on;',
    'log-format-upstream': '$bad',
    'gzip-disable': 'msie6',
  };

  it('cost nothing where there are none, and one test where all are good', async () => {
    const { tests, test } = nginx(() => null);
    await judge(settingsOf({ 'proxy-body-size': '1m' }), FREE_TEXTS, test);
    expect(tests.count).to.equal(0);
    const settings = settingsOf(TEXTS);
    const judged = await judge(settings, FREE_TEXTS, test);
    expect(judged.settings).to.equal(settings);
    expect(judged.refused.size).to.equal(0);
    expect(tests.count).to.equal(1);
  });

  it('lose those that are refused, each with nginx’s words, and keep the others', async () => {
    const { test } = nginx(({ httpSnippet, logFormatUpstream }) =>
      httpSnippet !== null ? 'bad snippet' : logFormatUpstream === '$bad' ? 'bad format' : null,
    );
    const judged = await judge(settingsOf(TEXTS), FREE_TEXTS, test);
    expect(Object.fromEntries(judged.refused)).to.deep.equal({
      'http-snippet': 'bad snippet',
      'log-format-upstream': 'bad format',
    });
    const { httpSnippet, logFormatUpstream, serverSnippet, gzipDisable } = judged.settings;
    expect([httpSnippet, serverSnippet?.text, gzipDisable]).to.deep.equal([null, 'good on;', 'msie6']);
    expect(logFormatUpstream).to.equal(settingsOf({}).logFormatUpstream);
    expect(
      refusedTextProblems(judged).map(({ object, message }) => `${object.namespace}/${object.name} ${message}`),
    ).to.deep.equal([
      'default/settings http-snippet: nginx refuses it: bad snippet; it is left out until it is mended',
      'default/settings log-format-upstream: nginx refuses it: bad format; it is left out until it is mended',
    ]);
  });

  it('of two that clash one goes', async () => {
    const { test } = nginx(({ httpSnippet, serverSnippet }) =>
      httpSnippet !== null && serverSnippet !== null ? 'both' : null,
    );
    const judged = await judge(settingsOf(TEXTS), FREE_TEXTS, test);
    expect([...judged.refused.keys()]).to.deep.equal(['server-snippet']);
  });

  it('are innocent where nginx refuses the settings without them, and where it cannot be asked', async () => {
    const settings = settingsOf(TEXTS);
    const judged = await judge(settings, FREE_TEXTS, nginx(() => 'something else').test);
    expect(judged.settings).to.equal(settings);
    expect(judged.refused.size).to.equal(0);
    const failure = await judge(settings, FREE_TEXTS, () => Promise.reject(new Error('no nginx'))).catch(String);
    expect(failure).to.equal('Error: no nginx');
  });

  it('each has a key that is known', () => {
    for (const { key, isSet } of FREE_TEXTS) expect(isSet(settingsOf({})), key).to.equal(false);
  });
});
