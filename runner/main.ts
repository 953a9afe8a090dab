#!/usr/bin/env node
/**
 * The command line's entry: one program, one catch, one exit code (cli/exit.ts).
 */
import { CommanderError } from 'commander';
import { EXIT, explain } from './cli/exit.js';
import { makeProgram } from './cli/program.js';
import { endOnClosedPipe, remark } from './cli/terminal.js';

endOnClosedPipe();
try {
  const program = await makeProgram(process.argv);
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = told(error);
}

function told(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done;
    remark(error.message.replace(/^error: /, ''));
    return EXIT.usage;
  }
  const { line, code } = explain(error);
  remark(line);
  return code;
}
