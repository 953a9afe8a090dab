/**
 * Reads a parsed YAML mapping field by field, so that every mistake is named by its path.
 *
 * R1. `end` refuses fields nobody asked for: a misspelt key never counts as absent.
 */
import { UsageError } from '../../schemas/errors.js';

export interface WholeRange {
  readonly least: number;
  readonly most: number;
  readonly absent: number;
}

export class MapReader {
  private readonly fields: ReadonlyMap<string, unknown>;
  private readonly path: string;
  private readonly read = new Set<string>();

  constructor(raw: unknown, path: string) {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
      throw new UsageError(`${path} must be a mapping of fields, not ${describe(raw)}`);
    }
    this.fields = new Map<string, unknown>(Object.entries(raw));
    this.path = path;
  }

  has(field: string): boolean {
    return this.fields.has(field);
  }

  inside(field: string): MapReader {
    return new MapReader(this.take(field), `${this.path}: ${field}`);
  }

  optional(field: string): MapReader | null {
    const value = this.take(field);
    return value === undefined || value === null
      ? null
      : new MapReader(value, `${this.path}: ${field}`);
  }

  text(field: string, absent?: string): string {
    const value = this.take(field) ?? absent;
    if (typeof value === 'string' && (value !== '' || absent === '')) return value;
    throw this.wrong(field, value, 'a text');
  }

  /** A text that can stand in ids and file names. */
  word(field: string): string {
    const text = this.text(field);
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) {
      throw this.wrong(field, text, '1 to 64 of A-Z a-z 0-9 . _ -');
    }
    return text;
  }

  whole(field: string, { least, most, absent }: WholeRange): number {
    const value = this.take(field) ?? absent;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
      return value;
    throw this.wrong(field, value, `a whole number from ${least} to ${most}`);
  }

  choice<const T extends string>(field: string, choices: readonly T[], absent?: T): T {
    const value = this.take(field) ?? absent;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw this.wrong(field, value, choices.join(', '));
    return found;
  }

  /** A mapping of text to text, with at least one entry. */
  record(field: string): Readonly<Record<string, string>> {
    const value = this.take(field);
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (entries.length === 0) throw this.wrong(field, value, 'a mapping of texts');
    const record: Record<string, string> = {};
    for (const [from, to] of entries) {
      if (typeof to !== 'string') throw this.wrong(`${field}.${from}`, to, 'a text');
      record[from] = to;
    }
    return record;
  }

  end(): void {
    const unknown = [...this.fields.keys()].find((field) => !this.read.has(field));
    if (unknown !== undefined) {
      throw new UsageError(
        `${this.path}: there is no field ${unknown}; fields here: ${[...this.read].join(', ')}`,
      );
    }
  }

  wrong(field: string, value: unknown, expected: string): UsageError {
    return new UsageError(`${this.path}: ${field} is ${describe(value)}, expected ${expected}`);
  }

  private take(field: string): unknown {
    this.read.add(field);
    return this.fields.get(field);
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  return value === null ? 'null' : JSON.stringify(value);
}
