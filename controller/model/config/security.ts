// Keys about what an Ingress may say at all.
import { bool, listOf, oneOfAnyCase, type Parser } from '../../feature/parse.ts';
import { key } from './key.ts';

/** Any other word means Low, as before (PARSE-05); the empty key is the default. */
const riskLevel = oneOfAnyCase('Low', 'Medium', 'High', 'Critical');

const blockedWord: Parser<string> = (text) => ({ ok: true, value: text });

export const SECURITY_KEYS = {
  'allow-snippet-annotations': key(bool, false, 'Accepts annotations that end in -snippet (SNIP-01).'),
  'annotations-risk-level': key(riskLevel, 'High', 'The highest risk of annotations that are accepted (PARSE-05).'),
  'annotation-value-word-blocklist': key(
    listOf(blockedWord),
    [],
    'Words that no annotation may contain (ADM-05), between commas.',
  ),
  'strict-validate-path-type': key(
    bool,
    true,
    'The webhook refuses Exact and Prefix paths with other characters than letters, digits, . _ - and / (ADM-03).',
  ),
  'allow-cross-namespace-resources': key(
    bool,
    false,
    'Lets annotations name Secrets and ConfigMaps of other namespaces (PARSE-07).',
  ),
} as const;
