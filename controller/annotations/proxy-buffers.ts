// Buffers for responses of backends. nginx checks how their sizes fit together and refuses a whole configuration that breaks
// its rules, so they are checked here first (ngx_http_upstream_module).
import { annotation } from '../feature/contract.ts';
import type { RouteContext, RouteDraft } from '../feature/draft.ts';
import { bufferSize, intBetween, size } from '../feature/parse.ts';
import { integer } from '../render/literal.ts';

const NAMES = [
  'proxy-buffer-size',
  'proxy-buffers-number',
  'proxy-busy-buffers-size',
  'proxy-max-temp-file-size',
] as const;

export default annotation({
  name: 'proxy-buffers',
  keys: {
    'proxy-buffer-size': {
      type: 'size',
      default: '4k',
      config: 'proxy-buffer-size',
      parse: bufferSize,
      risk: 'Low',
      doc: 'Buffer for the response header, and size of each response buffer; larger backend headers give 502.',
    },
    'proxy-buffers-number': {
      type: 'int',
      default: '4',
      config: 'proxy-buffers-number',
      parse: intBetween(2, 1024),
      risk: 'Low',
      doc: 'Number of response buffers, each of proxy-buffer-size.',
    },
    'proxy-busy-buffers-size': {
      type: 'size',
      config: 'proxy-busy-buffers-size',
      parse: bufferSize,
      risk: 'Low',
      doc: 'Most that may be busy sending to the client while the response is still read.',
    },
    'proxy-max-temp-file-size': {
      type: 'size',
      default: '1024m',
      config: 'proxy-max-temp-file-size',
      parse: size,
      risk: 'Low',
      doc: 'Largest temporary file of a buffered response; 0 keeps responses in memory.',
    },
  },
  route(values, draft, context) {
    if (NAMES.every((name) => values[name] === null)) return;
    const { settings } = context;
    const each = values['proxy-buffer-size'] ?? settings.proxyBufferSize;
    const number = values['proxy-buffers-number'] ?? settings.proxyBuffersNumber;
    draft.directives.set('proxy_buffer_size', integer(each));
    draft.directives.set('proxy_buffers', integer(number), integer(each));
    setBusy(values['proxy-busy-buffers-size'] ?? settings.proxyBusyBuffersSize, each, number, draft, context);
    setTempFile(values['proxy-max-temp-file-size'] ?? settings.proxyMaxTempFileSize, each, draft, context);
  },
});

/** At least one buffer, and no more than all but one of them; nginx's own choice is two. */
function setBusy(busy: number, each: number, number: number, draft: RouteDraft, { report }: RouteContext): void {
  const most = (number - 1) * each;
  const initial = Math.min(2 * each, most);
  const fits = busy >= each && busy <= most;
  if (busy !== 0 && !fits) {
    const range = `with ${number} buffers of ${each} bytes it must be from ${each} to ${most}`;
    report('proxy-busy-buffers-size', `${busy} bytes do not fit: ${range}; ${initial} applies`);
  }
  draft.directives.set('proxy_busy_buffers_size', integer(fits ? busy : initial));
}

/** 0, or at least one buffer. */
function setTempFile(most: number, each: number, draft: RouteDraft, { report }: RouteContext): void {
  if (most === 0 || most >= each) draft.directives.set('proxy_max_temp_file_size', integer(most));
  else {
    report(
      'proxy-max-temp-file-size',
      `${most} bytes are less than a buffer of ${each}; the smallest possible applies`,
    );
    draft.directives.set('proxy_max_temp_file_size', integer(each));
  }
}
