/**
 * Turns a TypeScript entry and everything it imports from this repository into JavaScript that a child
 * process can run on Node 20, so that tests which kill processes run today's source, not an old build.
 * The output lies under node_modules/.cache, where packages still resolve.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

export interface CompiledChild {
  /** Path of the entry's JavaScript, to give to `node`. */
  readonly entry: string;
  remove(): Promise<void>;
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
};

/** `entry` is relative to the repository's root, for example `test/runner/bus/commit-child.ts`. */
export const compileChild = async (entry: string): Promise<CompiledChild> => {
  const root = resolve(import.meta.dirname, '..');
  const cache = join(root, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const out = await mkdtemp(join(cache, 'weir-child-'));
  await writeFile(join(out, 'package.json'), '{"type":"module"}');
  const target = (file: string): string => join(out, relative(root, file)).replace(/\.ts$/, '.js');
  const waiting = [resolve(root, entry)];
  const done = new Set<string>();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (done.has(file)) continue;
    done.add(file);
    const source = await readFile(file, 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions: options });
    await mkdir(dirname(target(file)), { recursive: true });
    await writeFile(target(file), outputText);
    for (const { fileName } of ts.preProcessFile(outputText).importedFiles) {
      if (fileName.startsWith('.')) {
        waiting.push(resolve(dirname(file), fileName.replace(/\.js$/, '.ts')));
      }
    }
  }
  return {
    entry: target(resolve(root, entry)),
    remove: () => rm(out, { recursive: true, force: true }),
  };
};
