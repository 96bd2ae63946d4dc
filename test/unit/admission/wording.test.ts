import { expect } from 'chai';
import type { Finding } from '../../../controller/admission/finding.ts';
import { cut, messageOf, warningsOf } from '../../../controller/admission/wording.ts';

function finding(weight: Finding['weight'], text: string): Finding {
  return { weight, code: 'annotation-invalid', text };
}

describe('admission: the wording', () => {
  it('one reason stands alone, several are a list, remarks come last', () => {
    expect(messageOf([finding('refuse', 'a')])).to.equal('a');
    expect(messageOf([finding('warn', 'c'), finding('refuse', 'a'), finding('refuse', 'b')])).to.equal(
      '2 reasons:\n- a\n- b\n1 more that would not stop it:\n- c',
    );
  });

  it('a message has at most 16 KiB and says how much is left out', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => finding('refuse', `reason ${index}`));
    const text = messageOf(many);
    expect(Buffer.byteLength(text)).to.be.within(15_000, 16 * 1024);
    const shown = text.split('\n').filter((line) => line.startsWith('- ')).length;
    expect(text.split('\n').at(-1)).to.equal(`… and ${10_000 - shown} more lines`);
  });

  it('warnings have at most 256 bytes each and 4096 in all, and no control characters', () => {
    const many = Array.from({ length: 100 }, (_, index) => finding('warn', `${index}\n\u0007${'ü'.repeat(500)}`));
    const warnings = warningsOf(many);
    for (const line of warnings) {
      expect(Buffer.byteLength(line)).to.be.at.most(256);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(line).to.not.match(/[\u0000-\u001f\ufffd]/);
    }
    expect(warnings.reduce((sum, line) => sum + Buffer.byteLength(line), 0)).to.be.at.most(4096);
    expect(warnings.at(-1)).to.contain(`and ${100 - (warnings.length - 1)} more`);
  });

  it('cuts at the end of a character', () => {
    expect(cut('aüüü', 6)).to.equal('aü…');
    expect(cut('abc', 3)).to.equal('abc');
    expect(cut('a\ud800b', 9)).to.equal('a\ufffdb');
  });
});
