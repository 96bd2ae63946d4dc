// Text with nginx variables ("https://$host/start?rd=$escaped_request_uri"), parsed into constants and names (R4). Lua fills it
// in per request (lua/lib/template.lua); nginx never sees it.
import { accepted, type Parser, refused } from './parse.ts';

/** Text, a variable by its name, or a capture group of the path by its number. */
export type TemplatePart = string | { readonly variable: string } | { readonly capture: number };
export type Template = readonly TemplatePart[];

/** Variables about the request that Ingresses may use: what a client or the Ingress itself says, nothing of this machine. */
const VARIABLES: ReadonlySet<string> = new Set(
  `args best_http_host binary_remote_addr connection content_length content_type escaped_request_uri host http2 http_host
  https ingress_name is_args location_path msec namespace pass_access_scheme pass_port pass_server_port query_string
  remote_addr remote_port remote_user req_id request request_body request_completion request_id request_length
  request_method request_time request_uri scheme server_addr server_name server_port server_protocol service_name
  service_port ssl_cipher ssl_client_escaped_cert ssl_client_fingerprint ssl_client_i_dn ssl_client_s_dn
  ssl_client_serial ssl_client_verify ssl_protocol ssl_server_name ssl_session_id time_iso8601 time_local uri`.split(
    /\s+/,
  ),
);
const FAMILIES = /^(http|arg|cookie)_[a-z0-9_]{1,100}$/i;

/** Whether a variable says something about the request. */
export function isRequestVariable(name: string): boolean {
  return VARIABLES.has(name) || FAMILIES.test(name);
}

const PART = /\$(?:([0-9])|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})|[^$]+|\$/g;

/**
 * Text of these characters (beside "$" and the braces of variables) with variables; with captures, $1 to $9 as well. A "$"
 * that begins neither, and variables outside the list and `more`, are refused.
 */
export function templateOf(
  characters: RegExp,
  accepts: string,
  captures: 'captures' | 'no-captures' = 'no-captures',
  moreVariables: ReadonlySet<string> = new Set(),
): Parser<Template> {
  const literal = new RegExp(`^(?:${characters.source})*$`);
  const kinds = `${accepts}; nginx variables about the request${captures === 'captures' ? ', and $1 to $9' : ''}`;
  return (text) => {
    if (text.length > 4096) return refused('at most 4096 characters');
    const parts: TemplatePart[] = [];
    for (const [piece, number, bare, braced] of text.trim().matchAll(PART)) {
      const variable = bare ?? braced;
      if (variable !== undefined) {
        if (!isRequestVariable(variable) && !moreVariables.has(variable))
          return refused(`${kinds}; $${variable} is none of them`);
        parts.push({ variable });
      } else if (number !== undefined) {
        if (captures === 'no-captures' || number === '0') return refused(`${kinds}; $${number} is none of them`);
        parts.push({ capture: Number(number) });
      } else if (literal.test(piece)) parts.push(piece);
      else return refused(kinds);
    }
    return accepted(parts);
  };
}

/** The text that stands in front of the first variable. */
export function constantStart(template: Template): string {
  const [first] = template;
  return typeof first === 'string' ? first : '';
}

/** The text of a template without variables; null when it has some. */
export function constantOf(template: Template): string | null {
  return template.every((part) => typeof part === 'string') ? template.join('') : null;
}
