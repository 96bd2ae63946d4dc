// Files that directives name: CA bundles, revocation lists. Named by the SHA-256 of their content, so that no text of a tenant
// is part of a path (R14) and another content is another directive; apply/files.ts writes them.
import { createHash } from 'node:crypto';
import type { ConfigFile } from '../model/types.ts';
import { quoted, type Token } from './literal.ts';

/** Below the configuration folder, where nginx looks for relative names: it is the folder of its configuration. */
export const FILES_FOLDER = 'files';

export function configFile(content: string): ConfigFile {
  return { name: `${createHash('sha256').update(content).digest('hex')}.pem`, content };
}

export function fileToken({ name }: ConfigFile): Token {
  return quoted(`${FILES_FOLDER}/${name}`);
}
