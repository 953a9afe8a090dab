import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalText,
  compareCodePoints,
  double,
  recipeHash,
  spacedText,
  stringText,
} from '../../schemas/canonical.js';
import { DivertError } from '../../schemas/errors.js';
import { doubleText, JsonError, JsonNumber, parseJson } from '../../schemas/json-text.js';
import { sha256Hex } from '../../schemas/sha256.js';

describe('numbers as Python writes them', () => {
  // Expected: CPython 3 repr() of each.
  it.each([
    [12, '12.0'],
    [0, '0.0'],
    [-0, '-0.0'],
    [0.1, '0.1'],
    [1e-4, '0.0001'],
    [1e-5, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [1e15, '1000000000000000.0'],
    [9007199254740993, '9007199254740992.0'],
    [1e16, '1e+16'],
    [123456789012345680, '1.2345678901234568e+17'],
    [1e22, '1e+22'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [-2.5e-10, '-2.5e-10'],
  ])('%d is %s', (value, text) => {
    expect(doubleText(value)).toBe(text);
  });

  it('any double reads back as the same bits', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Object.is(Number(doubleText(value)), value)).toBe(true);
      }),
    );
  });

  it('keeps all digits of integers and what kind a number was', () => {
    expect(parseJson('18446744073709551615')).toEqual(
      new JsonNumber('integer', '18446744073709551615'),
    );
    expect(parseJson('12.0')).toEqual(new JsonNumber('double', '12.0'));
    expect(parseJson('1.50E+1')).toEqual(new JsonNumber('double', '15.0'));
    expect(parseJson('-0')).toEqual(new JsonNumber('integer', '0'));
  });

  it('refuses a JS number that could be either, and takes it as double(x) or bigint', () => {
    expect(() => canonicalText(0.5)).toThrow(DivertError);
    expect(() => canonicalText(2 ** 53)).toThrow(DivertError);
    expect(canonicalText([12, 12n, double(12), 2n ** 70n])).toBe(
      '[12,12,12.0,1180591620717411303424]',
    );
  });
});

describe('strings and keys', () => {
  it('escapes everything outside space to ~', () => {
    expect(stringText('a"b\\c/d\u0001\t\n\b\f\r\u007f é€😀')).toBe(
      '"a\\"b\\\\c/d\\u0001\\t\\n\\b\\f\\r\\u007f \\u00e9\\u20ac\\ud83d\\ude00"',
    );
  });

  it('sorts keys by code point, not by UTF-16 unit', () => {
    const text = canonicalText({ '😀': 1, '\ue000': 2, Z: 3, a: 4, '10': 5, '9': 6 });
    expect(text).toBe('{"10":5,"9":6,"Z":3,"a":4,"\\ue000":2,"\\ud83d\\ude00":1}');
  });

  it('orders any two strings as their code points are ordered', () => {
    const points = (text: string): number[] =>
      Array.from(text, (point) => point.codePointAt(0) ?? 0);
    const unit = fc.string({ unit: 'binary', maxLength: 4 });
    fc.assert(
      fc.property(unit, unit, (left, right) => {
        const [a, b] = [points(left), points(right)];
        const at = a.findIndex((point, index) => point !== b[index]);
        const expected = at < 0 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? -1);
        expect(Math.sign(compareCodePoints(left, right))).toBe(Math.sign(expected));
      }),
    );
  });

  it('keeps null apart from missing, and nested order stable', () => {
    expect(canonicalText({ b: null, a: { d: [], c: {} } })).toBe('{"a":{"c":{},"d":[]},"b":null}');
    expect(canonicalText(new Map([['__proto__', 1]]))).toBe('{"__proto__":1}');
  });

  it('has a spaced form for the runner fingerprints', () => {
    expect(spacedText({ b: [1, 2], a: 'x' })).toBe('{"a": "x", "b": [1, 2]}');
  });

  it('hashes a recipe as canon{recipe, payload}', () => {
    expect(recipeHash('r.v1', { a: 1 })).toBe(sha256Hex('{"payload":{"a":1},"recipe":"r.v1"}'));
  });
});

describe('the parser', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        let parsed;
        try {
          parsed = parseJson(text);
        } catch (error) {
          // The one thing refused that JSON.stringify can write: a lone surrogate, escaped.
          expect(error).toBeInstanceOf(JsonError);
          expect(text).toMatch(/\\ud[89a-f]/);
          return;
        }
        expect(JSON.parse(canonicalText(parsed))).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['', /no JSON value at 0/],
    ['{"a":1}x', /text after the value/],
    ['{"a":1,}', /no key/],
    ['[1 2]', /neither , nor \]/],
    ['{"a" 1}', /no colon/],
    ['{"a":1,"a":2}', /key "a" twice/],
    ['"\\x"', /bad escape/],
    ['"\\u12g4"', /bad \\u escape/],
    ['"\n"', /raw control character/],
    ['"a', /string without end/],
    ['"\\ud800"', /lone surrogate/],
    ['01', /text after the value/],
    ['1.', /text after the value/],
    ['.5', /no JSON value/],
    ['NaN', /no JSON value/],
    ['-Infinity', /no JSON value/],
    ['1e400', /beyond the range/],
    ['9'.repeat(401), /longer than 400/],
    ['['.repeat(70), /nested deeper than 64/],
    ['tru', /no JSON value/],
  ])('refuses %j', (text, reason) => {
    expect(() => parseJson(text)).toThrow(reason);
  });

  it('takes a surrogate pair written as two escapes', () => {
    expect(parseJson('"\\ud83d\\ude00"')).toBe('😀');
  });
});
