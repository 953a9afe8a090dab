/**
 * The program: every command of `runner`, each from its own file.
 *
 * What a user did wrong reaches main.ts as an error with one line; commander itself prints only help.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import { addCompletion } from './completion.js';
import { addDemo } from './demo.js';
import { addDescribe } from './describe.js';
import { addExport } from './export.js';
import { addGraph } from './graph.js';
import { addImport } from './import.js';
import { addLag } from './lag.js';
import { addProduce } from './produce.js';
import { addProve } from './prove.js';
import { addQuarantine } from './quarantine.js';
import { addRead } from './read.js';
import { addReplay } from './replay.js';
import { addReport } from './report.js';
import { addSchemas } from './schemas.js';
import { addSkip } from './skip.js';
import { addStart } from './start.js';
import { addState } from './state.js';
import { addTopics } from './topics.js';
import { addWorld } from './world.js';

const HELP = `
Exit codes: 0 done, 1 ran and found a difference, 2 wrong use, 3 halted.
The data directory is --data, else WEIR_DATA, else ./data.

Examples:
  runner start rtdl --data data
  runner read decisions --limit 3
  runner prove DECISION_ID
  runner COMMAND --help`;

export function makeProgram(): Command {
  const program = new Command('runner')
    .description('stream processing and provable real-time decisions')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      // main.ts prints the one line of an error; here it would be said twice.
      outputError: () => undefined,
    })
    .showSuggestionAfterError(true)
    .addHelpText('after', HELP);
  for (const add of [
    addDemo,
    addStart,
    addDescribe,
    addTopics,
    addLag,
    addRead,
    addProduce,
    addState,
    addQuarantine,
    addSkip,
    addReplay,
    addProve,
    addReport,
    addGraph,
    addSchemas,
    addWorld,
    addImport,
    addExport,
  ]) {
    add(program);
  }
  addCompletion(program);
  askForOne(program);
  return program;
}

/** A command that only groups others says which, in one line. */
function askForOne(command: Command): void {
  for (const group of command.commands) askForOne(group);
  if (command.commands.length === 0) return;
  const names = command.commands.map((one) => one.name()).join(', ');
  command.argument('[command]').action((given: string | undefined) => {
    throw new UsageError(
      given === undefined
        ? `${pathOf(command)} needs one of: ${names}. See ${pathOf(command)} --help.`
        : `${pathOf(command)} has no command "${given}"; it has ${names}.`,
    );
  });
}

export function pathOf(command: Command): string {
  const name = command.name();
  return command.parent ? `${pathOf(command.parent)} ${name}` : name;
}

/** Found from the built file as well as from the source. */
function packageVersion(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(up, import.meta.url), 'utf8');
      const { name, version } = JSON.parse(text) as { name: string; version: string };
      if (name === 'weir') return version;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  return 'unknown';
}
