// Timeouts towards the backend: data, because the balancer can set them per request.
import { annotation } from '../feature/contract.ts';
import { seconds } from '../feature/parse.ts';

export default annotation({
  name: 'proxy-timeouts',
  keys: {
    'proxy-connect-timeout': {
      type: 'duration-seconds',
      default: '5',
      config: 'proxy-connect-timeout',
      parse: seconds,
      risk: 'Low',
      doc: 'Seconds to establish the backend connection.',
    },
    'proxy-send-timeout': {
      type: 'duration-seconds',
      default: '60',
      config: 'proxy-send-timeout',
      parse: seconds,
      risk: 'Low',
      doc: 'Longest gap between two writes to the backend, seconds.',
    },
    'proxy-read-timeout': {
      type: 'duration-seconds',
      default: '60',
      config: 'proxy-read-timeout',
      parse: seconds,
      risk: 'Low',
      doc: 'Longest gap between two reads from the backend, seconds.',
    },
  },
  route({ 'proxy-connect-timeout': connect, 'proxy-send-timeout': send, 'proxy-read-timeout': read }, draft) {
    const { timeouts } = draft.policy;
    if (connect !== null) timeouts.connect = connect;
    if (send !== null) timeouts.send = send;
    if (read !== null) timeouts.read = read;
  },
});
