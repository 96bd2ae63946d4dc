// How address lists, basic and external authentication go together.
import { annotation } from '../feature/contract.ts';
import { oneOf } from '../feature/parse.ts';

export default annotation({
  name: 'satisfy',
  keys: {
    satisfy: {
      type: 'enum[any,all]',
      default: 'all',
      parse: oneOf('any', 'all'),
      risk: 'Low',
      doc: '"any" lets in who passes one of address lists, basic and external authentication; "all" asks for each.',
    },
  },
  route({ satisfy }, draft) {
    draft.policy.satisfy = satisfy === 'any' ? 'any' : null;
  },
});
