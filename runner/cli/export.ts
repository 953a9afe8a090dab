/**
 * `runner export decisions`: one row per decision, for spreadsheets, notebooks and comparators.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import type { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import { topics } from '../../schemas/topics.js';
import { columnsOf, exportDecisions, type Cell, type DecisionRow } from '../export-decisions.js';
import { DATA_OPTION } from './options.js';
import { withData } from './open-data.js';
import { grouped, progressLine, remark } from './terminal.js';

interface ExportOptions {
  readonly data: string;
  readonly format: string;
  readonly out?: string;
}

const CHUNK_CHARACTERS = 64 * 1024;

export function addExport(program: Command): void {
  program
    .command('export')
    .description('write out what was decided')
    .command('decisions')
    .description('one row per decision: action, score, reasons, feature values, original ids')
    .option(...DATA_OPTION)
    .option('--format <format>', 'csv or jsonl', 'csv')
    .option('--out <file>', 'a file instead of stdout; complete or not there')
    .addHelpText(
      'after',
      '\nExamples:\n  runner export decisions --out decisions.csv\n  runner export decisions --format jsonl | head -3',
    )
    .action(exportAll);
}

async function exportAll(options: ExportOptions): Promise<void> {
  const { format } = options;
  if (format !== 'csv' && format !== 'jsonl') {
    throw new UsageError(`--format is "${format}"; give csv or jsonl.`);
  }
  await withData({ data: options.data, mode: 'read' }, async ({ bus, lookup }) => {
    if (!(await bus.topics()).some(({ name }) => name === topics.rtdl.name)) {
      throw new UsageError('No decision was made here; run: runner start rtdl --until-end');
    }
    const progress = progressLine();
    const target = new Target(options.out);
    let rows = 0;
    try {
      for await (const line of linesOf(exportDecisions(bus, lookup), format)) {
        await target.write(`${line}\n`);
        rows += 1;
        progress(`${grouped(rows)} rows`);
      }
      await target.end();
    } catch (error) {
      await target.abandon();
      throw error;
    }
    progress.done();
    remark(`${grouped(format === 'csv' ? Math.max(0, rows - 1) : rows)} decisions exported`);
  });
}

type Exported = ReturnType<typeof exportDecisions>;

async function* linesOf(decisions: Exported, format: 'csv' | 'jsonl'): AsyncGenerator<string> {
  if (format === 'jsonl') {
    for await (const { row } of decisions) yield JSON.stringify(row);
    return;
  }
  // Columns are those of the first decision that was served features; what came before waits for it.
  const waiting: DecisionRow[] = [];
  let columns: readonly string[] | undefined;
  let definition: string | undefined;
  for await (const { row, definitionHash } of decisions) {
    if (columns === undefined && definitionHash === null) {
      waiting.push(row);
      if (waiting.length < WAITING_MAX) continue;
    }
    if (columns === undefined) {
      definition = definitionHash ?? undefined;
      columns = definitionHash === null ? columnsOf(null) : Object.keys(row);
      yield columns.map(csvCell).join(',');
      for (const before of waiting.splice(0)) yield csvLine(before, columns);
      if (definitionHash === null) continue;
    }
    if (definitionHash !== null && definition !== undefined && definitionHash !== definition) {
      throw new UsageError(
        'The decisions here were served features of several definitions, which share no columns; use --format jsonl.',
      );
    }
    if (definitionHash !== null && definition === undefined) {
      throw new UsageError(
        `The first ${WAITING_MAX} decisions were served no features and later ones were; use --format jsonl.`,
      );
    }
    yield csvLine(row, columns);
  }
  if (columns === undefined) {
    columns = columnsOf(null);
    yield columns.map(csvCell).join(',');
    for (const before of waiting) yield csvLine(before, columns);
  }
}

/** Decisions without features held until the first with some names the columns. */
const WAITING_MAX = 200_000;

const csvLine = (row: DecisionRow, columns: readonly string[]): string =>
  columns.map((name) => csvCell(row[name] ?? null)).join(',');

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Stdout, or a file that appears under its name only when it is complete. */
class Target {
  readonly #path: string | undefined;
  readonly #stream: WriteStream | NodeJS.WriteStream;
  #chunk = '';

  constructor(path: string | undefined) {
    this.#path = path;
    this.#stream = path === undefined ? process.stdout : createWriteStream(`${path}.part`);
  }

  async write(text: string): Promise<void> {
    this.#chunk += text;
    if (this.#chunk.length >= CHUNK_CHARACTERS) await this.#flush();
  }

  async end(): Promise<void> {
    await this.#flush();
    if (this.#path === undefined) return;
    this.#stream.end();
    await once(this.#stream, 'close');
    await rename(`${this.#path}.part`, this.#path);
  }

  async abandon(): Promise<void> {
    if (this.#path === undefined) return;
    this.#stream.destroy();
    await rm(`${this.#path}.part`, { force: true });
  }

  async #flush(): Promise<void> {
    const chunk = this.#chunk;
    this.#chunk = '';
    if (chunk !== '' && !this.#stream.write(chunk)) await once(this.#stream, 'drain');
  }
}
