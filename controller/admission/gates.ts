// Rules that ingress-nginx has in its webhook only: they keep mistakes out of new objects, and what is there is served (ADM-03,
// DEF-04, PARSE-01, SNIP-01). What the intake refuses as well is in model/acceptance.ts.
import { showValue } from '../feature/parse.ts';
import type { Ingress } from '../kube/objects.ts';
import { tooManyNames } from '../model/acceptance.ts';
import { hostOf, showHost } from '../model/claim.ts';
import type { Settings } from '../model/settings.ts';
import type { Finding } from './finding.ts';

const DEFAULT_PREFIX = 'nginx.ingress.kubernetes.io';

/** The API server stores no more, over all annotations of an object (apimachinery, TotalAnnotationSizeLimitB). */
const MAX_ANNOTATION_BYTES = 256 * 1024;

/** More than fit into the 1.5 MiB that etcd takes, however short they are written. */
const MAX_PATHS = 20_000;

/** Why the object is not even looked at: it would take long, and the API server or the intake would not have it. */
export function excess(ingress: Ingress, settings: Settings): Finding | null {
  const refuse = (text: string): Finding => ({ weight: 'refuse', code: 'too-large', text });
  const names = tooManyNames(ingress, settings);
  if (names !== null) return refuse(names);
  const paths = ingress.rules.reduce((sum, rule) => sum + Math.max(1, rule.paths.length), 0);
  if (paths > MAX_PATHS)
    return refuse(`it has more than ${MAX_PATHS} hosts and paths; divide it into several Ingresses`);
  let bytes = 0;
  for (const [name, value] of ingress.meta.annotations) bytes += name.length + value.length;
  return bytes > MAX_ANNOTATION_BYTES ? refuse(`its annotations are larger than ${MAX_ANNOTATION_BYTES} bytes`) : null;
}

export function gates(ingress: Ingress, settings: Settings): Finding[] {
  return [...ofTheWhole(ingress, settings), ...ofAnnotations(ingress, settings), ...ofPaths(ingress, settings)];
}

function ofTheWhole({ meta, defaultBackend }: Ingress, { selection }: Settings): Finding[] {
  const findings: Finding[] = [];
  if (selection.disableCatchAll && defaultBackend !== null) {
    const text = 'spec.defaultBackend is not allowed here (--disable-catch-all); write a rule with a host in its place';
    findings.push({ weight: 'refuse', code: 'catch-all', text });
  }
  if (meta.uid !== '' && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(meta.uid)) {
    findings.push({ weight: 'refuse', code: 'object-uid', text: `metadata.uid ${showValue(meta.uid)} is not a UUID` });
  }
  return findings;
}

function ofAnnotations({ meta }: Ingress, { selection, allowSnippetAnnotations }: Settings): Finding[] {
  const { annotationsPrefix: prefix } = selection;
  const findings: Finding[] = [];
  const forbid = (text: string): void => {
    findings.push({ weight: 'refuse', code: 'annotation-forbidden', text });
  };
  for (const name of meta.annotations.keys()) {
    if (prefix !== DEFAULT_PREFIX && name.startsWith(`${DEFAULT_PREFIX}/`)) {
      forbid(`annotation ${name}: this controller reads those that begin with ${prefix}/; write it so`);
    }
    // Whatever its prefix: it may be meant for us, or for the controller that comes after us (SNIP-01).
    if (!allowSnippetAnnotations && name.endsWith('-snippet')) {
      forbid(
        `annotation ${name}: snippets are not allowed here (allow-snippet-annotations of the controller ConfigMap); remove it`,
      );
    }
  }
  return findings;
}

/** Said in any case, and a reason unless strict-validate-path-type is off (ADM-03). */
function ofPaths({ rules }: Ingress, { strictValidatePathType }: Settings): Finding[] {
  return rules.flatMap((rule) =>
    rule.paths
      .filter(({ path, pathType }) => pathType !== 'ImplementationSpecific' && !/^\/[A-Za-z0-9._/-]*$/.test(path))
      .map(({ path, pathType }): Finding => {
        const text = `${showHost(hostOf(rule))}: path ${showValue(path)} of pathType ${pathType} has other characters than letters, digits, ".", "_", "-" and "/"; write pathType: ImplementationSpecific`;
        return { weight: strictValidatePathType ? 'refuse' : 'warn', code: 'path-type', text };
      }),
  );
}
