// Keys about headers: those of every response, and those of every request to a backend.
import { refusedHeader } from '../../feature/header.ts';
import { accepted, listOf, type Parser, refused } from '../../feature/parse.ts';
import { type ObjectKey, parseKey } from '../../kube/ref.ts';
import { key } from './key.ts';

/** "namespace/name"; an empty value is none. */
const reference: Parser<ObjectKey | null> = (text) => {
  if (text.trim() === '') return accepted(null);
  return parseKey(text.trim()) === null ? refused('namespace/name of a ConfigMap') : accepted(text.trim());
};

const headerName: Parser<string> = (text) =>
  refusedHeader(text) === null
    ? accepted(text)
    : refused('the name of a header that does not belong to the connection');

export const HEADER_KEYS = {
  'add-headers': key(reference, null, 'ConfigMap whose entries are headers of every response (HDR-09).'),
  'hide-headers': key(listOf(headerName), [], 'Headers of backends that clients do not get (HDR-09).'),
  'proxy-set-headers': key(reference, null, 'ConfigMap whose entries are headers of every backend request (HDR-06).'),
  'global-allowed-response-headers': key(listOf(headerName), [], 'Headers that the annotation custom-headers may set.'),
} as const;
