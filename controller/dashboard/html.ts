// Handlebars with its own escaper, for HTML. nginx.conf is made by another instance, whose escaper (render/engine.ts) prints
// nothing but Tokens and is shared by all that come from the package's main file: so this is the package's other build, whose
// functions are its own.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import type HandlebarsModule from 'handlebars';

const Handlebars = createRequire(import.meta.url)('handlebars/dist/handlebars.js') as typeof HandlebarsModule;

type Helper = (...values: never[]) => unknown;

export type HtmlTemplate = (view: object) => string;

/** Every *.hbs of a folder, as a partial under its name; returns those called "page-…", without that prefix. */
export function loadPages(
  folder: string,
  helpers: Readonly<Record<string, Helper>>,
): ReadonlyMap<string, HtmlTemplate> {
  const handlebars = Handlebars.create();
  for (const [name, helper] of Object.entries(helpers))
    handlebars.registerHelper(name, helper as Handlebars.HelperDelegate);
  const knownHelpers = Object.fromEntries(Object.keys(helpers).map((name) => [name, true]));
  const options = { strict: true, knownHelpersOnly: true, knownHelpers, preventIndent: true };
  const pages = new Map<string, HtmlTemplate>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.hbs'))) {
    const name = basename(file, '.hbs');
    const template = handlebars.compile<object>(readFileSync(join(folder, file), 'utf8'), options);
    handlebars.registerPartial(name, template);
    if (name.startsWith('page-')) pages.set(name.slice('page-'.length), template);
  }
  return pages;
}
