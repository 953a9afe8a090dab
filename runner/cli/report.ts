/**
 * `runner report rtdl`: what was decided in a data directory, how well, how fast, and whether it adds up.
 */
import type { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import { topics } from '../../schemas/topics.js';
import { reportText } from '../report/report-text.js';
import { runReport } from '../report/run-report.js';
import { EXIT } from './exit.js';
import { DATA_OPTION } from './options.js';
import { withData } from './open-data.js';
import { jsonText } from './plain-json.js';
import { say } from './terminal.js';

interface ReportCommand {
  readonly data: string;
  readonly json?: boolean;
}

export function addReport(program: Command): void {
  program
    .command('report')
    .description('records in, decisions, degraded, quarantined, latency, ranking, balance')
    .argument('<topology>', 'rtdl')
    .option(...DATA_OPTION)
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nRead from the topics and round headers alone. Exit code 1 when the balance does not hold.\n\nExample:\n  runner report rtdl',
    )
    .action(async (topology: string, options: ReportCommand) => {
      process.exitCode = await report(topology, options);
    });
}

async function report(topology: string, options: ReportCommand): Promise<number> {
  if (topology !== 'rtdl') {
    throw new UsageError(`There is a report of rtdl only, not of "${topology}".`);
  }
  return withData({ data: options.data, mode: 'read' }, async ({ bus, lookup }) => {
    if (!(await bus.topics()).some(({ name }) => name === topics.rtdl.name)) {
      throw new UsageError('No decision was made here; run: runner start rtdl --until-end');
    }
    const found = await runReport(bus, lookup);
    say(options.json ? jsonText(found) : reportText(found));
    return found.balance.holds ? EXIT.done : EXIT.difference;
  });
}
