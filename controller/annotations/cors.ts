// Cross-origin requests: preflights are answered by Sluice, and the headers set on every answer to an allowed origin.
import { annotation } from '../feature/contract.ts';
import { accepted, bool, intBetween, type Parser, refused, textOf } from '../feature/parse.ts';

const METHODS = 'GET, PUT, POST, DELETE, PATCH, OPTIONS';
const HEADERS =
  'DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization';
const MAX_AGE = 1_728_000;
const MAX_TEXT = 8192;

const ORIGIN = /^(?:null|[a-z]+:\/\/(?:\*\.)?[A-Za-z0-9.-]+(?::[0-9]{1,5})?)$/;

/** Origins in lower case; "*" alone when it is among them. Entries that are no origin match nobody, and are left out. */
const origins: Parser<readonly string[]> = (text) => {
  if (text.length > MAX_TEXT || !/^[A-Za-z0-9:/.*, -]*$/.test(text) || text.trim() === '') {
    return refused('origins between commas, such as https://a.example.com or https://*.example.com:8443, or *');
  }
  const entries = text.split(',').map((entry) => entry.replaceAll(' ', ''));
  if (entries.includes('*')) return accepted(['*']);
  return accepted(entries.filter((entry) => ORIGIN.test(entry)).map((entry) => entry.toLowerCase()));
};

/** Words of these characters, with a comma, a blank or both between them; the value is sent as it is written. */
function words(word: RegExp, accepts: string): Parser<string> {
  const list = new RegExp(`^${word.source}(?:(?:, ?| )${word.source})*$`);
  return (text) => (text.length <= MAX_TEXT && list.test(text) ? accepted(text) : refused(accepts));
}

export default annotation({
  name: 'cors',
  keys: {
    'enable-cors': {
      type: 'bool',
      default: 'false',
      parse: bool,
      risk: 'Low',
      doc: 'Answers preflight requests (204), and sets the Access-Control headers on every answer to an allowed origin.',
    },
    'cors-allow-origin': {
      type: 'csv',
      default: '*',
      parse: origins,
      risk: 'Medium',
      doc: 'Allowed origins; "*." stands for exactly one label, "*" alone for every origin.',
    },
    'cors-allow-methods': {
      type: 'csv',
      default: METHODS,
      parse: words(/[A-Za-z]+/, 'methods, with a comma and a blank between them'),
      risk: 'Medium',
      doc: 'Access-Control-Allow-Methods, as it is written.',
    },
    'cors-allow-headers': {
      type: 'csv',
      default: HEADERS,
      parse: textOf(/[A-Za-z0-9_, -]/, 'names of headers between commas'),
      risk: 'Medium',
      doc: 'Access-Control-Allow-Headers, as it is written; replaces the default list.',
    },
    'cors-allow-credentials': {
      type: 'bool',
      default: 'true',
      parse: bool,
      risk: 'Low',
      doc: 'Sends Access-Control-Allow-Credentials: true.',
    },
    'cors-expose-headers': {
      type: 'csv',
      parse: words(/(?:[A-Za-z0-9_-]+|\*)/, 'names of headers or *, with a comma and a blank between them'),
      risk: 'Medium',
      doc: 'Access-Control-Expose-Headers, as it is written.',
    },
    'cors-max-age': {
      type: 'duration-seconds',
      default: String(MAX_AGE),
      parse: intBetween(-(10 ** 12), 10 ** 12),
      risk: 'Low',
      doc: 'Access-Control-Max-Age: how long clients remember a preflight, seconds.',
    },
  },
  route(values, draft) {
    if (values['enable-cors'] !== true) return;
    draft.policy.cors = {
      origins: values['cors-allow-origin'] ?? ['*'],
      methods: values['cors-allow-methods'] ?? METHODS,
      headers: values['cors-allow-headers'] ?? HEADERS,
      credentials: values['cors-allow-credentials'] ?? true,
      exposed: values['cors-expose-headers'],
      maxAge: values['cors-max-age'] ?? MAX_AGE,
    };
  },
});
