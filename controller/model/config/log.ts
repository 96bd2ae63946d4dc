// Keys about logs.
import { cidrs } from '../../feature/cidr.ts';
import { accepted, bool, intBetween, listOf, oneOf, type Parser } from '../../feature/parse.ts';
import { key } from './key.ts';
import { folded, line, serverName } from './parse.ts';

/** The default of ingress-nginx, which many pipelines parse (docs/spec/behaviour.md, 6). */
const UPSTREAM_INFO =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id';

/** A file, or '' for the standard stream that the files of the old image were links to. */
const logFile: Parser<string> = (text) => {
  const parsed = line(text);
  const isStandard = ['/var/log/nginx/access.log', '/var/log/nginx/error.log'].includes(text.trim());
  return parsed.ok && isStandard ? accepted('') : parsed;
};

export const LOG_KEYS = {
  'log-format-upstream': key(folded, UPSTREAM_INFO, 'Format of the access log.'),
  'log-format-escape-json': key(bool, false, 'Escapes variables in it as JSON.'),
  'log-format-escape-none': key(bool, false, 'Escapes nothing in it; clients can then forge lines.'),
  'disable-access-log': key(bool, false, 'Writes no access log.'),
  'disable-http-access-log': key(bool, false, 'Writes no access log of HTTP.'),
  'access-log-path': key(logFile, '', 'File of the access log; standard output unless another is named.'),
  'http-access-log-path': key(logFile, '', 'The same, for HTTP alone.'),
  'access-log-params': key(folded, '', 'More parameters of access_log, such as buffer=16k flush=5s.'),
  'enable-access-log-for-default-backend': key(bool, false, 'Logs requests that no Ingress serves (DEF-07).'),
  'skip-access-log-urls': key(listOf(line), [], 'Request URIs that are not logged: exact texts, or ~regex.'),
  'error-log-path': key(logFile, '', 'File of the error log; standard error unless another is named.'),
  'error-log-level': key(
    oneOf('debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg'),
    'notice',
    'Level of the error log.',
  ),
  'enable-syslog': key(bool, false, 'Sends both logs to a syslog server instead.'),
  'syslog-host': key(serverName, '', 'That server.'),
  'syslog-port': key(intBetween(1, 65_535), 514, 'Its UDP port.'),
  'debug-connections': key(cidrs, [], 'Clients whose connections are logged at level debug.'),
} as const;
