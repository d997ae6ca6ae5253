import { expect } from 'chai';
import fc from 'fast-check';
import type { LookupFailure } from '../../src/failures/failure';
import { toQuery } from '../../src/api/query';

const clean = (value: unknown): string => toQuery('mobile', value).value;

describe('mobile clean-up', () => {
  const numbers: Record<string, string> = {
    '13800001111': '13800001111', ' 138 0000 1111 ': '13800001111', '138-0000-1111': '13800001111', '138.0000.1111': '13800001111', '(138) 0000/1111': '13800001111', '138\u00a00000\u20091111': '13800001111',
    '１３８００００１１１１': '13800001111', '＋８６－１３８００００１１１１': '+86-13800001111', '138\u200b0000\u202d1111\u202c': '13800001111', '138–0000—1111': '13800001111', '138‐0000‑1111': '13800001111',
    '+86-13800001111': '+86-13800001111', '+8613800001111': '+8613800001111', '+86 13800001111': '+8613800001111', '+86 138 0000 1111': '+8613800001111', '+86-138-0000-1111': '+86-13800001111', '(+86)13800001111': '+8613800001111', '+86 - 13800001111': '+86-13800001111',
    '008613800001111': '+8613800001111', '0086-13800001111': '+86-13800001111', '00 86 138 0000 1111': '+8613800001111', '(0086)138': '+86138', '+1-2025550100': '+1-2025550100', '+1 (202) 555-0100': '+12025550100', '+1 202-555-0100': '+12025550100', '(+1) 202-555-0100': '+12025550100', '001-202-555-0100': '+1-2025550100', '（＋８６）－138': '+86-138',
    // As spreadsheets and programs write a whole number.
    '13800001111.0': '13800001111', '13800001111.000': '13800001111', '1380000.1111': '13800001111', ' 13800001111.00 ': '13800001111', '+86-13800001111.0': '+86-13800001111', '１３８００００１１１１．０': '13800001111', '138.0000': '1380000', '13800001111.5': '138000011115',
    '010/12345678': '01012345678', '1234567 8901234': '12345678901234',
    // The tenant judges what is none.
    '12345': '12345', 'abc': 'abc', '86-13800001111': '8613800001111', '+': '+',
  };
  for (const [given, sent] of Object.entries(numbers)) {
    it(`${given} → ${sent}`, () => {
      expect(clean(given)).to.equal(sent);
      expect(clean(Buffer.from(given))).to.equal(sent);
    });
  }

  const refused = (value: unknown): string => {
    try {
      return `taken as ${clean(value)}`;
    } catch (error) {
      return (error as LookupFailure).code === 'CIAM.INPUT' ? (error as LookupFailure).message : String(error);
    }
  };
  for (const rounded of ['1.38E+10', '1.38e10', '1,38E+10', '138E8', ' 1.3800001E+10 ', '１．３８Ｅ＋１０', '+1.38E+10', '1.38 E+10']) {
    it(`${rounded} is no number any more`, () => {
      expect(refused(rounded)).to.equal('The mobile number was rounded, by a spreadsheet perhaps: format its column as text.');
    });
  }
  for (const between of ['/', ',', ', ', ';', '；', '，', '、', ' ', ' / ', '|', '或', ' and ', '-', '&', '／']) {
    it(`two numbers with "${between}" between them are two`, () => {
      for (const [one, other] of [['13800001111', '13800002222'], ['+86-13800001111', '+86-13800002222'], ['138 0000 1111', '138 0000 2222']]) {
        if (['', '-'].includes(between.trim()) && one?.includes(' ')) continue; // nobody can tell where one ends
        expect(refused(`${one ?? ''}${between}${other ?? ''}`)).to.equal('The value holds more than one mobile number: look them up one by one.');
      }
    });
  }
  it('two numbers with blanks within are two where a + begins the second one', () => {
    for (const second of ['+86 138 0000 2222', '＋86 138 0000 2222']) expect(refused(`+86 138 0000 1111 ${second}`)).to.contain('more than one');
    expect(refused('+86 138 0000 1111 +12')).to.equal('taken as +8613800001111+12');
  });
  it('two numbers of a few digits each are two only where nothing else can be meant', () => {
    expect(refused('8765432,8765433')).to.contain('more than one');
    expect(refused('8765432/8765433')).to.equal('taken as 87654328765433');
  });
  it('what is no mobile may be written so', () => {
    for (const value of ['1.38E+10', 'a,b']) expect(toQuery('username', value).value).to.equal(value);
  });

  it('a number and its text are the same', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (number) => {
      expect(clean(number)).to.equal(String(number).replace(/^00/, '+'));
    }));
  });

  const digits = fc.stringMatching(/^1\d{10}$/);
  const code = fc.constantFrom('', '+86', '+1', '+852', '+1242');
  const separator = fc.constantFrom('', '', ' ', '-', '.', '  ', '\u3000', ' - ', '/', '–', '\u200b');
  const wide = (text: string): string => text.replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0));

  it('however it is written, the digits come through, in order, as the tenant takes them', () => {
    fc.assert(fc.property(digits, code, fc.boolean(), fc.array(separator, { minLength: 12, maxLength: 12 }), fc.boolean(), fc.boolean(), (number, area, dash, separators, zeros, isWide) => {
      const spread = Array.from(number).map((digit, index) => digit + (separators[index] ?? '')).join('');
      const prefix = zeros ? area.replace('+', '00') : area;
      const between = area === '' ? '' : dash ? '-' : ' ';
      const written = ` ${prefix}${between}${spread}`;
      expect(clean(isWide ? wide(written) : written)).to.equal(`${area}${area !== '' && dash ? '-' : ''}${number}`);
    }), { numRuns: 1000 });
  });

  it('cleaned once is clean', () => {
    fc.assert(fc.property(digits, code, fc.boolean(), fc.array(separator, { minLength: 12, maxLength: 12 }), (number, area, dash, separators) => {
      const once = clean(`${area}${dash ? '-' : ''}${Array.from(number).map((digit, index) => digit + (separators[index] ?? '')).join('')}`);
      expect(clean(once)).to.equal(once);
    }));
  });

  it('equal numbers have equal keys; with and without dialling code they are not compared', () => {
    const key = (value: unknown): string => toQuery('mobile', value).key;
    expect(key(' 138-0000-1111')).to.equal(key(13800001111));
    expect(key('+86-13800001111')).to.not.equal(key('13800001111'));
    expect(key('+86-13800001111')).to.not.equal(key('+8613800001111'));
  });
});
