// Bandwidth of responses: data, because nginx takes both numbers from variables. It has an effect with proxy-buffering on only.
import { annotation } from '../feature/contract.ts';
import { intBetween } from '../feature/parse.ts';

const kilobytes = intBetween(-(10 ** 9), 10 ** 9);

export default annotation({
  name: 'limit-rate',
  keys: {
    'limit-rate': {
      type: 'int',
      default: '0',
      config: 'limit-rate',
      parse: kilobytes,
      risk: 'Low',
      doc: 'Bandwidth of each response, KiB per second; 0 sets no limit. With proxy-buffering on only.',
    },
    'limit-rate-after': {
      type: 'int',
      default: '0',
      config: 'limit-rate-after',
      parse: kilobytes,
      risk: 'Low',
      doc: 'KiB of each response that are sent at full speed before limit-rate applies.',
    },
  },
  route({ 'limit-rate': own, 'limit-rate-after': ownStart }, draft, { settings }) {
    const rate = own ?? settings.limitRate;
    const start = ownStart ?? settings.limitRateAfter;
    if (rate > 0) draft.policy.bandwidth = { bytesPerSecond: rate * 1024, after: Math.max(0, start) * 1024 };
  },
});
