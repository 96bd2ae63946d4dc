// Families whose series are made anew for each scrape, because they say what is there at this moment.
import { labelText } from './exposition.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface SampleFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly samples: Iterable<Sample>;
}

/** The text of a family; nothing for one without samples. */
export function familyText({ name, help, type, samples }: SampleFamily): string {
  let text = '';
  for (const { labels, value } of samples) {
    const inside = labelText(labels);
    text += `${name}${inside === '' ? '' : `{${inside}}`} ${value}\n`;
  }
  return text === '' ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${text}`;
}

/** A family of one series. */
export function one(type: SampleFamily['type'], name: string, help: string, labels: Sample['labels'], value: number) {
  return { name, help, type, samples: [{ labels, value }] } satisfies SampleFamily;
}
