// Lists of ciphers in OpenSSL's spelling (openssl-ciphers(1)): safe as one nginx argument; whether OpenSSL knows the names,
// nginx finds out.
import { accepted, type Parser, refused } from './parse.ts';

const MAX_LENGTH = 2048;

/** Letters, digits, "! + - _ :", and with `tokens` @STRENGTH and @SECLEVEL=0 to 5. */
export function cipherList(tokens: 'tokens' | 'no-tokens'): Parser<string> {
  const grammar = tokens === 'tokens' ? /^(?:[A-Za-z0-9!+_:-]|@STRENGTH|@SECLEVEL=[0-5])+$/ : /^[A-Za-z0-9!+_:-]+$/;
  const accepts = `OpenSSL's names of ciphers, with ":" between them${tokens === 'tokens' ? ', @STRENGTH and @SECLEVEL=0 to 5' : ''}`;
  return (text) => (text.length <= MAX_LENGTH && grammar.test(text) ? accepted(text) : refused(accepts));
}
