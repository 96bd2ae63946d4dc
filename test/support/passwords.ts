// Passwords for tests of basic authentication.

/** Value of an Authorization header. */
export function credentials(name: string, password: string): { readonly Authorization: string } {
  return { Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` };
}

/** "secret", hashed in every way that htpasswd and openssl know. */
export const HASHES: Readonly<Record<string, string>> = {
  apr1: '$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0',
  md5: '$1$saltsalt$9xy1btjgzLYfb7hivXtC//',
  sha256: '$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA',
  sha512: '$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1',
  bcrypt: '$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a',
  des: 'abNANd1rDfiNc',
  sha: '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
  ssha: '{SSHA}tCNGqyJLk/uvKpCa4vga5GB2gWoxMjM0NTY3OA==',
  plain: '{PLAIN}secret',
};
