// Horizontal bars in groups, as an SVG that follows the reader's light or dark scheme. Every bar has its value in figures beside it.

export interface BarGroup {
  readonly label: string;
  /** One for each series, in their order. */
  readonly values: readonly number[];
}

export interface BarChart {
  readonly title: string;
  /** What a reader who cannot see it is told. */
  readonly description: string;
  readonly series: readonly string[];
  readonly groups: readonly BarGroup[];
  readonly digits: number;
  /** Where a line is drawn, with what it means; null for none. */
  readonly mark: { readonly value: number; readonly label: string } | null;
  /** "logarithmic" begins at 1. */
  readonly scale: 'linear' | 'logarithmic';
}

const WIDTH = 720;
const LEFT = 110;
/** What stays free for the value behind the longest bar. */
const RIGHT = 60;
const [BAR, BAR_GAP, GROUP_GAP] = [14, 2, 14];
const [TOP, LEGEND] = [36, 30];
/** Below the bars: the label of the mark. */
const BOTTOM = 26;

/** Series shade from pale to strong; with two, the second is grey: what the first is compared with. */
const STYLE = `
    text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
    .page { fill: #ffffff } .title { font-weight: 600; font-size: 15px } .value, .mark { font-size: 11px }
    line { stroke: #59636e; stroke-dasharray: 3 3 } .mark { fill: #59636e }
    .s0 { fill: #9cc7f5 } .s1 { fill: #4390e0 } .s2 { fill: #154a8f }
    .of2.s0 { fill: #2f7fd6 } .of2.s1 { fill: #a9b2bc }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .page { fill: #0d1117 }
      line { stroke: #9198a1 } .mark { fill: #9198a1 }
      .s0 { fill: #1d4a7d } .s1 { fill: #3f8ae0 } .s2 { fill: #a5d0ff }
      .of2.s0 { fill: #4493e6 } .of2.s1 { fill: #59636e }
    }`;

export function barChart(chart: BarChart): string {
  const { title, description, series, groups, digits } = chart;
  const x = scaleOf(chart);
  const groupHeight = series.length * (BAR + BAR_GAP) + GROUP_GAP;
  const from = TOP + LEGEND;
  const height = from + groups.length * groupHeight + (chart.mark === null ? 0 : BOTTOM);
  const bars = groups.flatMap(({ label, values }, place) => {
    const top = from + place * groupHeight;
    const middle = top + (series.length * (BAR + BAR_GAP)) / 2;
    return [
      textAt(LEFT - 10, middle + 4, label, 'text-anchor="end"'),
      ...values.flatMap((value, index) =>
        bar(value.toFixed(digits), x(value), top + index * (BAR + BAR_GAP), index, series),
      ),
    ];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="t d">
  <title id="t">${escaped(title)}</title>
  <desc id="d">${escaped(description)}</desc>
  <style>${STYLE}
  </style>
  <rect class="page" width="${WIDTH}" height="${height}"/>
  ${[textAt(16, 24, title, 'class="title"'), ...legend(series), ...markOf(chart, x, height), ...bars].join('\n  ')}
</svg>
`;
}

/** Pixels from the left edge. */
function scaleOf({ groups, mark, scale }: BarChart): (value: number) => number {
  const most = Math.max(...groups.flatMap(({ values }) => values), mark?.value ?? 0);
  const room = WIDTH - LEFT - RIGHT;
  switch (scale) {
    case 'linear':
      return (value) => LEFT + (value / most) * room;
    case 'logarithmic':
      return (value) => LEFT + (Math.log(Math.max(1, value)) / Math.log(most)) * room;
  }
}

function bar(value: string, end: number, top: number, index: number, series: readonly string[]): string[] {
  const width = Math.max(2, end - LEFT).toFixed(1);
  return [
    `<rect class="${classOf(index, series)}" x="${LEFT}" y="${top}" width="${width}" height="${BAR}"/>`,
    textAt(LEFT + Number(width) + 5, top + BAR - 3, value, 'class="value"'),
  ];
}

const LEGEND_STEP = 130;

function legend(series: readonly string[]): string[] {
  return series.flatMap((label, index) => {
    const left = LEFT + index * LEGEND_STEP;
    return [
      `<rect class="${classOf(index, series)}" x="${left}" y="${TOP + 3}" width="12" height="12"/>`,
      textAt(left + 18, TOP + 14, label, ''),
    ];
  });
}

function markOf({ mark }: BarChart, x: (value: number) => number, height: number): string[] {
  if (mark === null) return [];
  const at = x(mark.value).toFixed(1);
  return [
    `<line x1="${at}" x2="${at}" y1="${TOP + LEGEND - 4}" y2="${height - BOTTOM + 4}"/>`,
    textAt(Number(at), height - 8, mark.label, 'class="mark" text-anchor="middle"'),
  ];
}

function classOf(index: number, series: readonly string[]): string {
  return `s${index}${series.length === 2 ? ' of2' : ''}`;
}

function textAt(x: number, y: number, text: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
