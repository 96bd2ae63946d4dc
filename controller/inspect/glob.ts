// Names as people ask for them: "*.example.com", "shop-*". A star stands for any text, dots included.

export type Matcher = (name: string) => boolean;

/** '' matches everything. A text without a star must be the name itself. */
export function globOf(pattern: string): Matcher {
  if (pattern === '') return () => true;
  const parts = pattern.toLowerCase().split('*');
  const expression = new RegExp(`^${parts.map((part) => RegExp.escape(part)).join('.*')}$`, 's');
  return (name) => expression.test(name.toLowerCase());
}
