// The pages, which the next commit draws; until then each is answered with 404.
import type { Moment } from './moment.ts';
export class PageRenderer {
  constructor(folder: string) {
    void folder;
  }
  file(name: string): { type: string; body: string } | null {
    void name;
    return null;
  }
  message(title: string, text: string): string {
    return `${title}: ${text}`;
  }
  page(moment: Moment, name: string, parameters: URLSearchParams): { status: number; body: string } {
    void moment;
    void parameters;
    return { status: 404, body: name };
  }
}
