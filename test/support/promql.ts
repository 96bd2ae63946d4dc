// As much of PromQL as it takes to find what an expression asks for: the names of metrics, and the labels that it goes by.

const KEYWORDS = new Set(
  'and or unless by without on ignoring group_left group_right offset bool inf nan atan2 start end'.split(' '),
);

export interface Asked {
  readonly metrics: readonly string[];
  /** Labels of matchers and of by (…), on (…). */
  readonly labels: readonly string[];
}

/** Throws where brackets do not fit together, or nothing is asked for. */
export function readPromql(expression: string): Asked {
  const text = expression
    // What Grafana puts in.
    .replaceAll('$__rate_interval', '5m')
    .replace(/"(?:[^"\\]|\\.)*"/g, '""');
  expectBalanced(text);
  const labels: string[] = [];
  const plain = text
    .replace(/\{([^}]*)\}/g, (_, matchers: string) => {
      labels.push(...[...matchers.matchAll(/([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)/g)].map(([, name = '']) => name));
      return ' ';
    })
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g, (_, _keyword, names: string) => {
      labels.push(...names.split(',').map((name) => name.trim()));
      return ' ';
    });
  const metrics = [...plain.matchAll(/(?<![\w.:])([a-zA-Z_:][\w:]*)(?!\w)(\s*\()?/g)]
    .filter(([, name = '', call]) => call === undefined && !KEYWORDS.has(name.toLowerCase()))
    .map(([, name = '']) => name);
  if (metrics.length === 0) throw new Error(`asks for no metric: ${expression}`);
  return { metrics: [...new Set(metrics)], labels: [...new Set(labels)].filter((name) => name !== '') };
}

function expectBalanced(text: string): void {
  const open: string[] = [];
  const pairs = new Map([
    [')', '('],
    [']', '['],
    ['}', '{'],
  ]);
  for (const char of text) {
    if ('([{'.includes(char)) open.push(char);
    const wanted = pairs.get(char);
    if (wanted !== undefined && open.pop() !== wanted) throw new Error(`brackets do not fit together: ${text}`);
  }
  if (open.length > 0) throw new Error(`brackets do not fit together: ${text}`);
}
