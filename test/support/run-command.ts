/**
 * `runner ...` inside the test's own process: what it prints and the code it would exit with.
 *
 * For tests that run many commands and need no process of their own; those that do use built-cli.ts.
 * The entry's catch (runner/main.ts) is repeated here, as importing it would run it.
 */
import { vi } from 'vitest';
import { explain } from '../../runner/cli/exit.js';
import { makeProgram } from '../../runner/cli/program.js';

export interface CommandResult {
  readonly code: number;
  /** stdout and stderr in the order of writing, log lines included. */
  readonly said: string;
}

export async function runCommand(...args: readonly string[]): Promise<CommandResult> {
  const argv = ['node', 'runner', ...args];
  const said: string[] = [];
  const listen = (stream: NodeJS.WriteStream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said.push(String(text));
      return true;
    });
  const spies = [listen(process.stdout), listen(process.stderr)];
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await (await makeProgram(argv)).parseAsync(argv);
    return { code: exitCode(), said: said.join('') };
  } catch (error) {
    const { line, code } = explain(error);
    return { code, said: `${said.join('')}${line}\n` };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}

/** Commands set it while they run, which the compiler cannot see. */
const exitCode = (): number => Number(process.exitCode);
