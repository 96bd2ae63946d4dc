// HTTP/2 server push: browsers and nginx have given it up, so the annotation is known and does nothing.
import { annotation } from '../feature/contract.ts';
import { bool } from '../feature/parse.ts';

export default annotation({
  name: 'http2-push-preload',
  keys: {
    'http2-push-preload': {
      type: 'bool',
      default: 'false',
      parse: bool,
      invalid: 'reject-ingress',
      risk: 'Low',
      doc: 'Accepted without effect: nginx no longer pushes; Link headers reach the client as they are.',
    },
  },
});
