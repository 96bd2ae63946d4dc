// Keys about what clients get: compression, types, the name of the server.
import { bool, intBetween } from '../../feature/parse.ts';
import { key } from './key.ts';
import { line, oneWord, words } from './parse.ts';

const MIME = /[A-Za-z0-9.+*_-]+\/[A-Za-z0-9.+*_-]+|\*/;

const GZIP_TYPES =
  'application/atom+xml application/javascript application/x-javascript application/json application/rss+xml application/vnd.ms-fontobject application/x-font-ttf application/x-web-app-manifest+json application/xhtml+xml application/xml font/opentype image/svg+xml image/x-icon text/css text/javascript text/plain text/x-component';

export const RESPONSE_KEYS = {
  'use-gzip': key(bool, false, 'Compresses responses (GLOB-03).'),
  'gzip-level': key(intBetween(1, 9), 1, 'How hard.'),
  'gzip-min-length': key(intBetween(0, 1_000_000_000), 256, 'Smallest response that is compressed, bytes.'),
  'gzip-types': key(
    words(MIME, 'MIME types with blanks between them'),
    GZIP_TYPES.split(' '),
    'Which, beside text/html.',
  ),
  'gzip-disable': key(line, '', 'Regex of User-Agents whose responses are not compressed.'),
  'default-type': key(oneWord(MIME, 'a MIME type'), 'text/html', 'MIME type of answers that name none.'),
  'server-tokens': key(bool, false, 'Sends the Server header (HDR-09).'),
  'allow-backend-server-header': key(bool, false, 'Sends the Server header of the backend.'),
} as const;
