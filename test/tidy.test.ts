/** House rules that lint does not check; each message tells the fix. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';

const tracked = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).split('\n').filter(Boolean);
const CODE = /^(schemas|state|operators|topologies|runner)\/.*\.ts$/;
const code = tracked.filter((path) => CODE.test(path) && !path.startsWith('schemas/generated/'));
const textOf = (path: string): string => readFileSync(path, 'utf8');

/** Lines of code that match, as path:line, leaving comments out. */
function offending(paths: readonly string[], pattern: RegExp): readonly string[] {
  return paths.flatMap((path) =>
    textOf(path)
      .split('\n')
      .flatMap((line, at) =>
        pattern.test(line) && !/^\s*(\*|\/\/|\/\*)/.test(line) ? [`${path}:${at + 1}`] : [],
      ),
  );
}

describe('house rules', () => {
  it('finds the code it is about', () => {
    expect(code.length).toBeGreaterThan(100);
  });

  it('every file begins with a header that says what it is', () => {
    const bare = code.filter((path) => !/^(#!.*\n)?\/\*\*/.test(textOf(path)));
    expect(bare, 'begin these files with /** what, who owns what, invariants */').toEqual([]);
  });

  it('file names are kebab-case and name one thing', () => {
    const vague = code.filter(
      (path) =>
        !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(basename(path)) ||
        /^(utils?|helpers?|common|types|index|misc)\.ts$/.test(basename(path)),
    );
    expect(vague, 'rename these after their one export').toEqual([]);
  });

  it('below runner/ there is no clock, chance, timer or locale', () => {
    const below = code.filter((path) => !path.startsWith('runner/'));
    const pattern =
      /Date\.now|new Date\(|Date\.parse|Math\.random|setTimeout|setInterval|performance\.now|Intl\.|localeCompare|toLocale/;
    expect(offending(below, pattern), 'take time and chance as input (DESIGN R2)').toEqual([]);
  });

  it('below runner/ transcendental functions are our own', () => {
    const below = code.filter((path) => /^(state|operators|topologies)\//.test(path));
    const pattern = /Math\.(exp|log|log2|log10|pow|sin|cos|tan|cbrt|expm1|log1p|sinh|cosh|tanh)\(/;
    expect(
      offending(below, pattern),
      'use operators/math, which gives the same bits everywhere',
    ).toEqual([]);
  });

  it('RxJS operators that lose order or bounds are not used', () => {
    const pattern = /\b(mergeMap|switchMap|shareReplay|bufferTime|debounceTime|observeOn)\(/;
    expect(offending(code, pattern), 'use weir operators').toEqual([]);
  });

  it('nothing is left half done', () => {
    const pattern = /\b(TODO|FIXME|XXX|not implemented|HACK)\b/i;
    const paths = tracked.filter((path) => path.endsWith('.ts') && path !== 'test/tidy.test.ts');
    expect(offending(paths, pattern), 'finish it or remove it').toEqual([]);
  });

  it('no test is skipped, lonely or empty', () => {
    const tests = tracked.filter(
      (path) => path.endsWith('.test.ts') && path !== 'test/tidy.test.ts',
    );
    const pattern = /\b(it|test|describe)\.(skip|only|todo)\(|expect\(true\)/;
    expect(offending(tests, pattern), 'let every test run and be able to fail').toEqual([]);
  });

  it('no type is talked out of', () => {
    const pattern = /\bas any\b|: any\b|<any>|as unknown as|@ts-(ignore|expect-error|nocheck)/;
    const paths = code.filter((path) => !path.endsWith('.d.ts'));
    expect(offending(paths, pattern), 'describe the type instead').toEqual([]);
  });
});
