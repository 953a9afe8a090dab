/** CSV rows: held against csv-parse on random text in random cuts, and the edges by hand. */
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CsvSplitter,
  ROW_CHARACTERS_MAX,
  type CsvRow,
} from '../../../runner/import/csv-splitter.js';

const rowsOf = (parts: readonly string[], delimiter = ','): readonly CsvRow[] => {
  const splitter = new CsvSplitter(delimiter);
  return [...parts.flatMap((part) => [...splitter.push(part)]), ...splitter.end()];
};
const fields = (text: string): readonly (readonly string[] | null)[] =>
  rowsOf([text]).map((row) => row.fields);

describe('CsvSplitter', () => {
  it('agrees with csv-parse on any text it can write, wherever the chunks are cut', () => {
    const field = fc.string({
      unit: fc.constantFrom('a', '1', ' ', ',', '"', '\n', 'é', ';', '\r\n'),
      maxLength: 6,
    });
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 8 });
    fc.assert(
      fc.property(
        table,
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.nat(7), { maxLength: 12 }),
        (rows, end, cuts) => {
          const quote = (text: string): string =>
            /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
          const text = rows.map((row) => row.map(quote).join(',') + end).join('');
          const parts: string[] = [];
          let at = 0;
          for (const cut of cuts) {
            parts.push(text.slice(at, at + cut));
            at += cut;
          }
          parts.push(text.slice(at));
          const expected: unknown = parse(text, { relax_column_count: true });
          expect(rowsOf(parts).map((row) => row.fields)).toEqual(expected);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('numbers rows by their first line, quoted line ends and blank lines counted (S1)', () => {
    const rows = rowsOf(['h1,h2\n"a\nb",2\n\n3,4\r\n5,6']);
    expect(rows.map(({ line, fields: found }) => [line, found])).toEqual([
      [1, ['h1', 'h2']],
      [2, ['a\nb', '2']],
      [5, ['3', '4']],
      [6, ['5', '6']],
    ]);
  });

  it('takes a byte order mark, other delimiters and a last line without an end', () => {
    expect(fields('\ufeffa,b\n1,2')).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(rowsOf(['a;b\n"1;x";2'], ';').map((row) => row.fields)).toEqual([
      ['a', 'b'],
      ['1;x', '2'],
    ]);
  });

  it('gives up one line, not the file, for a quote that is never closed or closed in mid-field (S2)', () => {
    const rows = rowsOf(['a,b\n"1,2\n3,4\n"5"x,6\n7,8\n']);
    expect(rows.map(({ line, fields: found }) => [line, found])).toEqual([
      [1, ['a', 'b']],
      [2, null],
      [3, ['3', '4']],
      [4, null],
      [5, ['7', '8']],
    ]);
    expect(rows[1]?.reason).toContain('quote');
  });

  it('gives up a line longer than its bound once, holds no more than that, and goes on after it (S2)', () => {
    const splitter = new CsvSplitter(',');
    const part = 'x'.repeat(100_000);
    const rows = ['a,b\n', part, part, part, part, ',1\n', '7,8\n'].flatMap((text) => [
      ...splitter.push(text),
    ]);
    expect(ROW_CHARACTERS_MAX).toBeLessThan(300_000);
    expect(rows.map(({ line, fields: found }) => [line, found])).toEqual([
      [1, ['a', 'b']],
      [2, null],
      [3, ['7', '8']],
    ]);
  });
});
