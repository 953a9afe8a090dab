/** What an import is given, what it says on the way, and what it answers at its end. */
import type { Pins } from '../../schemas/generated/label-assertion.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';
import type { Bus, ProducedRecord } from '../bus/port.js';
import type { ImportMap } from './import-map.js';
import type { BadRow } from './ordered-rows.js';

export interface ImportOptions {
  readonly bus: Bus;
  /** For writer schema ids only. */
  readonly lookup: SchemaLookup;
  readonly file: string;
  readonly labels?: string;
  readonly map: ImportMap;
  /** Every source topic of the topologies that will read this bus, control topics included. */
  readonly sources: readonly string[];
  /** Records to stand before the first event; asked once, with its time. Their topics are sources. */
  readonly opening?: (
    start: ImportStart,
  ) => readonly ProducedRecord[] | Promise<readonly ProducedRecord[]>;
  /** Default: `platform_` and the time of the file's first good row. */
  readonly platformRunId?: string;
  /** Items per append; default 1000, about 4,000 records and 2.5 MiB. */
  readonly batchItems?: number;
  /** Encode in a thread of its own; default true. */
  readonly thread?: boolean;
  readonly progress?: (progress: ImportProgress) => void;
  readonly onBadRow?: (row: BadRow) => void;
  readonly signal?: AbortSignal;
}

export interface ImportStart {
  readonly firstTimeMs: number;
  readonly pins: Pins;
}

export interface ImportProgress {
  readonly transactions: number;
  readonly labels: number;
  readonly badRows: number;
  /** Event time reached. */
  readonly timeMs: number;
}

export interface ImportReport {
  readonly importId: string;
  readonly pins: Pins;
  readonly transactions: number;
  readonly labels: number;
  /** Rows set aside in both files. */
  readonly badRows: number;
  /** The first hundred of them. */
  readonly firstBadRows: readonly BadRow[];
  /** Records this run appended, markers and opening included. */
  readonly appended: number;
  readonly firstTimeMs: number;
  readonly lastTimeMs: number;
  /** Items an earlier run had appended; 0 for a first run. */
  readonly resumedAfter: number;
}
