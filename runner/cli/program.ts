/**
 * The program: every command of `runner`, each from its own file.
 *
 * What a user did wrong reaches main.ts as an error with one line; commander itself prints only help.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';

const HELP = `
Exit codes: 0 done, 1 ran and found a difference, 2 wrong use, 3 halted.
The data directory is --data, else WEIR_DATA, else ./data.

Examples:
  runner start rtdl --data data
  runner read decisions --limit 3
  runner prove DECISION_ID
  runner COMMAND --help`;

/** Where each command is. Only the one that was asked for is loaded, so that it begins at once. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  demo: async () => (await import('./demo.js')).addDemo,
  start: async () => (await import('./start.js')).addStart,
  list: async () => (await import('./describe.js')).addDescribe,
  describe: async () => (await import('./describe.js')).addDescribe,
  topics: async () => (await import('./topics.js')).addTopics,
  lag: async () => (await import('./lag.js')).addLag,
  read: async () => (await import('./read.js')).addRead,
  produce: async () => (await import('./produce.js')).addProduce,
  state: async () => (await import('./state.js')).addState,
  quarantine: async () => (await import('./quarantine.js')).addQuarantine,
  skip: async () => (await import('./skip.js')).addSkip,
  replay: async () => (await import('./replay.js')).addReplay,
  rebuild: async () => (await import('./replay.js')).addReplay,
  prove: async () => (await import('./prove.js')).addProve,
  report: async () => (await import('./report.js')).addReport,
  graph: async () => (await import('./graph.js')).addGraph,
  schemas: async () => (await import('./schemas.js')).addSchemas,
  world: async () => (await import('./world.js')).addWorld,
  import: async () => (await import('./import.js')).addImport,
  export: async () => (await import('./export.js')).addExport,
  completion: async () => (await import('./completion.js')).addCompletion,
};

export async function makeProgram(argv: readonly string[]): Promise<Command> {
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
  const asked = argv.slice(2).find((word) => !word.startsWith('-')) ?? '';
  const only = asked !== 'completion' && Object.hasOwn(COMMANDS, asked) && COMMANDS[asked];
  const loaded = new Set(
    await Promise.all((only ? [only] : Object.values(COMMANDS)).map((load) => load())),
  );
  for (const add of loaded) add(program);
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
