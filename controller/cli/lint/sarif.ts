// Findings as SARIF 2.1.0, which code hosts show beside the lines:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
import { createHash } from 'node:crypto';
import { showRef } from '../../kube/ref.ts';
import type { Finding } from './findings.ts';
import { RULES } from './rules.ts';

export function sarifOf(findings: readonly Finding[], version: string): object {
  const codes = [...new Set(findings.map(({ code }) => code))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'sluice',
            semanticVersion: version,
            rules: codes.map((id) => ({ id, shortDescription: { text: RULES[id] } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => resultOf(finding, codes.indexOf(finding.code))),
      },
    ],
  };
}

function resultOf({ object, severity, code, message, place }: Finding, ruleIndex: number): object {
  const name = showRef(object);
  const logicalLocations = [{ fullyQualifiedName: name, kind: 'resource' }];
  const physicalLocation =
    place === null
      ? {}
      : {
          physicalLocation: {
            artifactLocation: { uri: uriOf(place.file) },
            region: { startLine: place.line, startColumn: place.column },
          },
        };
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text: `${name}: ${message}` },
    locations: [{ ...physicalLocation, logicalLocations }],
    // Lines move; what is said of which object stays the same finding.
    partialFingerprints: { 'sluice/v1': createHash('sha256').update([code, name, message].join('\0')).digest('hex') },
  };
}

/** A relative reference, as RFC 3986 writes it. */
function uriOf(file: string): string {
  return file.replace(/^\.\//, '').split('/').map(encodeURIComponent).join('/');
}
