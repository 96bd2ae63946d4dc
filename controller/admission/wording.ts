// What kubectl prints: the reasons of a refusal as one message, and warnings within the bounds that API servers hold them to
// (kubernetes.io, dynamic admission control, "Response": 256 bytes each, 4096 in all).
import type { Finding, Weight } from './finding.ts';

const MAX_WARNING_BYTES = 256;
const MAX_WARNINGS_BYTES = 4096;
const MAX_MESSAGE_BYTES = 16 * 1024;
const MAX_LINE_BYTES = 1024;

/** Every finding, the reasons first. `findings` has at least one reason. */
export function messageOf(findings: readonly Finding[]): string {
  const [reasons, remarks] = [textsOf(findings, 'refuse'), textsOf(findings, 'warn')];
  const [only = ''] = reasons;
  if (reasons.length === 1 && remarks.length === 0) return cut(only, MAX_LINE_BYTES);
  const lines = [
    reasons.length === 1 ? 'the reason:' : `${reasons.length} reasons:`,
    ...reasons.map(item),
    ...(remarks.length === 0 ? [] : [`${remarks.length} more that would not stop it:`, ...remarks.map(item)]),
  ];
  return fitting(lines, MAX_MESSAGE_BYTES, (left) => `… and ${left} more lines`).join('\n');
}

/** Findings that do not refuse, and about path types those that do (ADM-03). */
export function warningsOf(findings: readonly Finding[]): string[] {
  const texts = findings
    .filter(({ weight, code }) => weight === 'warn' || code === 'path-type')
    .map(({ text }) => text);
  const lines = texts.map((text) => cut(plain(text), MAX_WARNING_BYTES));
  return fitting(lines, MAX_WARNINGS_BYTES, (left) => `and ${left} more`);
}

function textsOf(findings: readonly Finding[], wanted: Weight): string[] {
  return findings.filter(({ weight }) => weight === wanted).map(({ text }) => text);
}

function item(text: string): string {
  return `- ${cut(text, MAX_LINE_BYTES)}`;
}

/** Warnings travel in a header. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out here
  return text.toWellFormed().replace(/[\u0000-\u001f\u007f]+/g, ' ');
}

/** At most so many bytes of UTF-8, at the end of a character. */
export function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text.toWellFormed());
  if (bytes.length <= maxBytes) return bytes.toString();
  let end = maxBytes - Buffer.byteLength('…');
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.subarray(0, end).toString()}…`;
}

/** As many lines as fit, and a last one that says how many are left out. */
function fitting(lines: readonly string[], maxBytes: number, rest: (left: number) => string): string[] {
  const reserve = Buffer.byteLength(rest(lines.length)) + 1;
  const sizes = lines.map((line) => Buffer.byteLength(line) + 1);
  if (sizes.reduce((sum, size) => sum + size, 0) <= maxBytes) return [...lines];
  const fit: string[] = [];
  let bytes = reserve;
  for (const [index, line] of lines.entries()) {
    bytes += sizes[index] ?? 0;
    if (bytes > maxBytes) break;
    fit.push(line);
  }
  return [...fit, rest(lines.length - fit.length)];
}
