/**
 * The command line as a person has it: today's sources as JavaScript under a package called weir, run
 * in child processes. Laid out like dist/, so that `import 'weir'`, worker files and assets are found.
 *
 * The output is named by what went in, so test files share it and an old one is never run.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '../../..');
const CACHE = join(ROOT, 'node_modules', '.cache');
const FOLDERS = ['schemas', 'state', 'operators', 'topologies', 'runner'];
const COMPILER: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
};

/** Folder of the built package. */
export function buildCli(): string {
  const files = FOLDERS.flatMap((folder) => filesBelow(join(ROOT, folder)));
  const hash = createHash('sha256');
  for (const file of files) hash.update(relative(ROOT, file)).update(readFileSync(file));
  const built = join(CACHE, `weir-cli-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(built)) return built;
  mkdirSync(CACHE, { recursive: true });
  for (const old of readdirSync(CACHE)) {
    if (/^weir-cli-[0-9a-f]{16}$/.test(old)) rmSync(join(CACHE, old), { recursive: true });
  }
  const draft = mkdtempSync(join(CACHE, 'weir-cli-draft-'));
  for (const file of files) buildFile(file, join(draft, relative(ROOT, file)));
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const about = { name: 'weir', version, type: 'module', exports: { '.': './runner/public.js' } };
  writeFileSync(join(draft, 'package.json'), JSON.stringify(about));
  try {
    renameSync(draft, built);
  } catch (error) {
    // Another test file was first with the same bytes.
    if (!existsSync(built)) throw error;
    rmSync(draft, { recursive: true });
  }
  return built;
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|json|yaml)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function buildFile(file: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  if (!file.endsWith('.ts')) {
    cpSync(file, target);
    return;
  }
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
    compilerOptions: COMPILER,
  });
  writeFileSync(target.replace(/\.ts$/, '.js'), outputText);
}

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class Cli {
  readonly built: string;
  readonly #children = new Set<ChildProcess>();

  constructor() {
    this.built = buildCli();
  }

  /** Starts `runner ...`; the caller ends it, or `endAll` does. */
  start(args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [join(this.built, 'runner/main.js'), ...args], {
      stdio: 'pipe',
      env: { ...process.env, WEIR_DATA: '' },
    });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }

  /** Runs `runner ...` to its end. */
  async run(args: readonly string[], input = ''): Promise<Ran> {
    const child = this.start(args);
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    const [out, err, code] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      new Promise<number | null>((resolve) => child.once('close', resolve)),
    ]);
    return { code, out, err };
  }

  /** Resolves once stderr holds `words`. */
  says(child: ChildProcess, words: string): Promise<void> {
    return heard(child.stderr, words);
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#children].map((child) => ended(child, 'SIGKILL')));
  }
}

/** Sends a signal and waits for the end; answers the exit code. */
export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.kill(signal);
  return closed;
}

/** Resolves once the stream holds `words`, and goes on emptying it. */
export function heard(stream: NodeJS.ReadableStream | null, words: string): Promise<void> {
  let seen = '';
  return new Promise((resolve, reject) => {
    stream?.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes(words)) resolve();
    });
    stream?.once('close', () => {
      reject(new Error(`the output ended without "${words}": ${seen}`));
    });
  });
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

/** Parses what `--format jsonl` prints. */
export const jsonLines = (text: string): readonly Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
