/** ARCHITECTURE.md and CHANGELOG.md say what is: drawing, folders, packages, decisions, topics. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findTopology } from '../runner/topology-catalog.js';
import { topics } from '../schemas/topics.js';
import { drawMermaid } from '../topologies/drawing.js';

const textOf = (path: string): string => readFileSync(path, 'utf8');
const page = textOf('ARCHITECTURE.md');

/** Statements of a Mermaid flowchart; a page may put several on one line. */
const statements = (drawing: string): readonly string[] =>
  drawing
    .split(/[\n;]/)
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** What stands in backticks in the first column of the table under a heading. */
const firstColumn = (heading: string): readonly string[] => {
  const section = page.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell]) =>
    [...(cell ?? '').matchAll(/`([^`]+)`/g)].flatMap(([, name]) => name ?? []),
  );
};

describe('ARCHITECTURE.md', () => {
  it('has at most 300 lines', () => {
    expect(page.trimEnd().split('\n').length).toBeLessThanOrEqual(300);
  });

  it('draws rtdl as it is; take it anew from: runner describe rtdl --mermaid', async () => {
    const rtdl = await findTopology('rtdl', { clock: 'wall' });
    const [, drawn = ''] = /^```mermaid\n(.*?)^```$/ms.exec(page) ?? [];
    expect(statements(drawn)).toEqual(statements(drawMermaid(rtdl)));
  });

  it('names files that are there', () => {
    const named = [
      ...page.matchAll(
        /`((?:schemas|state|operators|topologies|runner|test|bench|docs|scripts)\/[\w./-]*)`/g,
      ),
    ].flatMap(([, path]) => path ?? []);
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('names every package weir depends on, and no other', () => {
    const { dependencies } = JSON.parse(textOf('package.json')) as {
      dependencies: Readonly<Record<string, string>>;
    };
    expect([...firstColumn('Dependencies')].sort()).toEqual(Object.keys(dependencies).sort());
  });

  it('numbers its decisions without a gap', () => {
    const numbers = [...page.matchAll(/^\| D-(\d{3}) \|/gm)].map(([, number]) => Number(number));
    expect(numbers.length).toBeGreaterThan(40);
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  });
});

describe('CHANGELOG.md', () => {
  it('lists every topic with its partitions under Wire', () => {
    const [, wire = ''] = textOf('CHANGELOG.md').split('### Wire');
    const listed = [...wire.matchAll(/^\| (`fp\.[^|]+) \|.*\| (\d+) \|$/gm)].flatMap(
      ([, names = '', partitions]) =>
        names.split(', ').map((name) => `${name.replaceAll('`', '')} ${partitions ?? ''}`),
    );
    const known = Object.values(topics).map(({ name, partitions }) => `${name} ${partitions}`);
    expect([...listed].sort()).toEqual(known.sort());
  });
});
