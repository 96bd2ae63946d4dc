// Limits, and who may enter.
import ipaddr from 'ipaddr.js';
import type { Phase } from '../explanation.ts';
import { textOf } from '../rewrite.ts';
import { end, note, type Step } from './step.ts';

export const limits: Step = ({ route, question }) => {
  const policy = route?.policy.limits;
  if (policy === undefined) return [];
  const parts = [
    ...(policy.connections === undefined ? [] : [`${policy.connections} requests at once`]),
    ...(policy.per_second === undefined ? [] : [`${policy.per_second} a second`]),
    ...(policy.per_minute === undefined ? [] : [`${policy.per_minute} a minute`]),
  ];
  if (policy.exempt !== undefined && question.clientIp !== null && inside(question.clientIp, policy.exempt)) {
    return [note('limits', `${question.clientIp} is not counted`)];
  }
  return [note('limits', `each client ${parts.join(', ')}`)];
};

export const access: Step = ({ route, question }) => {
  if (route === null) return [];
  const { allow_from: allow, deny_from: deny, basic_auth: basic, external_auth: external, satisfy } = route.policy;
  const phases: Phase[] = [];
  const listed = listsSay(allow, deny, question.clientIp);
  if (allow !== undefined || deny !== undefined) {
    const lists = [
      ...(allow === undefined ? [] : [`let in: ${allow.join(', ')}`]),
      ...(deny === undefined ? [] : [`kept out: ${deny.join(', ')}`]),
    ].join('; ');
    const isDecided = listed === false && (satisfy !== 'any' || (basic === undefined && external === undefined));
    if (isDecided) return [end('access list', 403, `${question.clientIp ?? ''} may not enter (${lists})`)];
    phases.push(
      listed === true
        ? note('access', `${question.clientIp ?? ''} may enter (${lists})`)
        : note('access list', question.clientIp === null ? `${lists}; --client-ip says who asks` : lists),
    );
  }
  if (satisfy === 'any' && listed === true) return [...phases, note('access', 'the list is enough (satisfy: any)')];
  if (basic !== undefined) {
    const hasPassword = /^basic /i.test(question.headers.get('authorization') ?? '');
    if (!hasPassword && !(satisfy === 'any' && external !== undefined)) {
      return [
        ...phases,
        end('basic authentication', 401, `asks for a password (realm ${JSON.stringify(basic.realm ?? '')})`),
      ];
    }
    if (hasPassword) phases.push(note('basic authentication', 'checks the password, which is not done here'));
  }
  if (external !== undefined) {
    const where = `${textOf(external.host ?? [])}:${external.port ?? ''}${textOf(external.uri ?? [])}`;
    const signin = external.signin === undefined ? '401' : `a redirect to ${textOf(external.signin)}`;
    phases.push(note('external authentication', `asks ${where}; who is refused gets ${signin} or 403`));
  }
  return phases;
};

function listsSay(
  allow: readonly string[] | undefined,
  deny: readonly string[] | undefined,
  client: string | null,
): boolean | null {
  if (client === null) return null;
  if (deny !== undefined && inside(client, deny)) return false;
  return allow === undefined ? null : inside(client, allow);
}

function inside(client: string, networks: readonly string[]): boolean {
  const address = ipaddr.process(client);
  return networks.some((text) => {
    const [network, bits] = ipaddr.parseCIDR(text);
    return network.kind() === address.kind() && address.match(network, bits);
  });
}
