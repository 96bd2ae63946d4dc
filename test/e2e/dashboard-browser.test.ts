import { expect } from 'chai';
import { type Browser, findBrowser, type Scheme, startBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { ingress, site } from '../support/objects.ts';
import { type Sluice, startSluice } from '../support/sluice.ts';

const PAGES = [
  '',
  '/hosts',
  '/host?name=web.test',
  '/routes',
  '/backends',
  '/problems',
  '/changes',
  '/profiles',
  '/lookup?url=web.test/',
];

describe('the dashboard in a browser', function () {
  this.timeout(60_000);
  let sluice: Sluice;
  let browser: Browser;
  let base: string;

  before(async function () {
    const program = findBrowser();
    if (program === null) this.skip(); // apt-get install chromium
    sluice = await startSluice({
      manifests: { 'web.yaml': site('web', [{ address: '127.0.0.1', port: 9 }], { 'proxy-body-size': '8 MB' }) },
      flags: ['--enable-dashboard'],
    });
    base = `http://127.0.0.1:${sluice.health}/dashboard`;
    browser = await startBrowser(program);
  });
  after(async () => {
    await browser?.stop();
    await sluice?.stop();
  });

  it('is live: a change appears without a reload, and what had the focus keeps it', async () => {
    await browser.open(`${base}/hosts`);
    await eventually(async () =>
      expect(await browser.evaluate('document.getElementById("live").textContent')).to.equal('Live.'),
    );
    await browser.evaluate('window.sameDocument = true');
    await browser.evaluate(`document.querySelector('a[href*="web.test"]').focus()`);
    await sluice.write('more.yaml', [ingress({ name: 'more', host: 'more.test', paths: [{ service: 'web' }] })]);
    await eventually(
      async () => expect(await browser.evaluate('document.body.innerText')).to.contain('more.test'),
      15_000,
    );
    expect(await browser.evaluate('window.sameDocument')).to.equal(true);
    expect(await browser.evaluate('document.activeElement.textContent')).to.equal('web.test');
  });

  it('can be paused', async () => {
    await browser.open(`${base}/hosts`);
    await browser.evaluate(`document.querySelector('footer button').click()`);
    await sluice.write('later.yaml', [ingress({ name: 'later', host: 'later.test', paths: [{ service: 'web' }] })]);
    await eventually(async () => expect(await (await fetch(`${base}/hosts`)).text()).to.contain('later.test'));
    expect(await browser.evaluate('document.body.innerText')).to.not.contain('later.test');
    await browser.evaluate(`document.querySelector('footer button').click()`);
    await eventually(
      async () => expect(await browser.evaluate('document.body.innerText')).to.contain('later.test'),
      15_000,
    );
  });

  it('reads without JavaScript', async () => {
    await browser.open(`${base}/host?name=web.test`, 'off');
    const text = await browser.evaluate<string>('document.body.innerText');
    expect(text).to.contain('default/web/80').and.contain('Reload the page for newer figures');
  });

  it('the keyboard reaches the content first, and then every link and field in its order', async () => {
    await browser.open(base);
    await browser.press('Tab');
    expect(await browser.evaluate('document.activeElement.textContent')).to.equal('Skip to content');
    await browser.press('Enter');
    await eventually(async () => expect(await browser.evaluate('document.activeElement.id')).to.equal('main'));
    await browser.press('Tab');
    expect(await browser.evaluate(`document.getElementById('main').contains(document.activeElement)`)).to.equal(true);
    const outline = await browser.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).to.equal('solid');
    expect(
      await browser.evaluate(`document.querySelectorAll('[tabindex]:not([tabindex="0"]):not([tabindex="-1"])').length`),
    ).to.equal(0);
  });

  for (const scheme of ['light', 'dark'] as Scheme[]) {
    it(`no page is wider than a telephone or a screen, in ${scheme}`, async () => {
      for (const width of [360, 1280]) {
        await browser.emulate(width, 800, scheme);
        for (const path of PAGES) {
          await browser.open(`${base}${path}`);
          const wide = await browser.evaluate<number>('document.documentElement.scrollWidth');
          expect(wide, `${path} at ${width}`).to.be.at.most(width);
        }
      }
      const ground = await browser.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      expect(ground).to.equal(scheme === 'dark' ? 'rgb(21, 23, 26)' : 'rgb(252, 252, 250)');
    });
  }

  it('the browser has nothing to complain about: no script error, nothing refused by the policy', () => {
    expect(browser.complaints).to.deep.equal([]);
  });
});
