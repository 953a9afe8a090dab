/**
 * What commands print with: answers to stdout, progress and remarks to stderr.
 *
 * Progress is one line rewritten on a terminal, and a line every few seconds elsewhere, so that logs
 * stay readable. A closed pipe (`| head`) ends the process quietly.
 */
import { performance } from 'node:perf_hooks';

const QUIET_EVERY_MS = 5000;
const TERMINAL_EVERY_MS = 100;

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Like `say`, but waits while the reader of a pipe is behind, so that nothing piles up here. */
export async function writeLine(line: string): Promise<void> {
  if (process.stdout.write(`${line}\n`)) return;
  await new Promise((resolve) => process.stdout.once('drain', resolve));
}

export function remark(line: string): void {
  process.stderr.write(`${line}\n`);
}

export interface Progress {
  (line: string): void;
  /** Ends the line that was being rewritten. */
  done(line?: string): void;
}

export function progressLine(): Progress {
  const terminal = process.stderr.isTTY;
  // Where lines stay, what is over at once needs none.
  let lastMs = terminal ? -Infinity : performance.now();
  const progress = (line: string): void => {
    const now = performance.now();
    if (now - lastMs < (terminal ? TERMINAL_EVERY_MS : QUIET_EVERY_MS)) return;
    lastMs = now;
    if (terminal) process.stderr.write(`\r\x1b[2K${line}`);
    else remark(line);
  };
  progress.done = (line?: string): void => {
    if (terminal && lastMs > -Infinity) process.stderr.write('\r\x1b[2K');
    if (line !== undefined) remark(line);
  };
  return progress;
}

/** Whole numbers with thin groups: 95 815. */
export const grouped = (value: number): string =>
  Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+(?!\d))/g, ' ');

/** Columns of equal width; numbers given as numbers stand right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const width: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      width[at] = Math.max(width[at] ?? 0, cellText(cell).length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, at) =>
          typeof cell === 'number'
            ? cellText(cell).padStart(width[at] ?? 0)
            : cell.padEnd(at === row.length - 1 ? 0 : (width[at] ?? 0)),
        )
        .join('  '),
    )
    .join('\n');
}

const cellText = (cell: string | number): string =>
  typeof cell === 'number' ? (Number.isInteger(cell) ? grouped(cell) : cell.toFixed(3)) : cell;

/** Ends quietly when whoever reads stdout has had enough. */
export function endOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  // Who listens to remarks may leave; what runs goes on.
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
