// Handlebars, told to print nothing but Tokens: any other value in a template (a raw string, a typing error) throws.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Handlebars from 'handlebars';
import { isToken } from './literal.ts';

// The escaper is process-wide in Handlebars; Sluice has no other use of it.
Handlebars.Utils.escapeExpression = (value: unknown): string => {
  if (isToken(value)) return value.text;
  throw new Error(`a template printed ${JSON.stringify(value) ?? 'an undefined value'}, which is not a token`);
};

export type Template<T> = (view: T) => string;

/** Loads every *.hbs of a folder as a partial and returns the one called `name`. */
export function loadTemplate<T>(folder: string, name: string): Template<T> {
  const handlebars = Handlebars.create();
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.hbs')) continue;
    handlebars.registerPartial(basename(file, '.hbs'), readFileSync(join(folder, file), 'utf8'));
  }
  return handlebars.compile<T>(`{{> ${name}}}`, { strict: true, knownHelpersOnly: true });
}
