// The pictures of the documentation: what bars show must be what was measured.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type BarChart, barChart } from '../../bench/support/chart.ts';

const CHART: BarChart = {
  title: 'a < b & c',
  description: 'd',
  series: ['one', 'two', 'three'],
  groups: [
    { label: 'first', values: [1, 2, 4] },
    { label: 'second', values: [8, 0, 3] },
  ],
  digits: 1,
  mark: null,
  scale: 'linear',
};

function widths(svg: string): number[] {
  return [...svg.matchAll(/<rect class="s\d[^"]*" x="110" y="\d+" width="([\d.]+)" height="14"/g)].map(([, w]) =>
    Number(w),
  );
}

describe('bar charts', () => {
  it('bars are as long as their values, and the longest leaves room for its figure', () => {
    const [one = 0, two = 0, four = 0, eight = 0, none = 0] = widths(barChart(CHART));
    expect(eight).to.equal(720 - 110 - 60);
    expect([one, two, four].map((width) => eight / width)).to.deep.equal(
      [8, 4, 2].map((n) => eight / Number((eight / n).toFixed(1))),
    );
    expect(none, 'a bar of nothing can still be seen').to.equal(2);
  });

  it('on a logarithmic scale ten times as much is one step more', () => {
    const groups = [{ label: 'first', values: [10, 100, 1000] }];
    const [ten = 0, hundred = 0, thousand = 0] = widths(barChart({ ...CHART, groups, scale: 'logarithmic' }));
    expect(hundred - ten).to.be.closeTo(thousand - hundred, 0.2);
  });

  it('texts are escaped, and both colour schemes are there', () => {
    const svg = barChart(CHART);
    expect(svg).to.contain('a &lt; b &amp; c').and.to.contain('prefers-color-scheme: dark');
  });

  it('the pictures of docs/balancing.md exist and have words in their place', () => {
    const page = readFileSync('docs/balancing.md', 'utf8');
    const pictures = [...page.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)];
    expect(pictures).to.have.length.at.least(3);
    for (const [, words = '', file = ''] of pictures) {
      expect(words.length, file).to.be.above(20);
      expect(readFileSync(`docs/${file}`, 'utf8'), file).to.match(/^<svg /);
    }
  });
});
