/**
 * `runner state get|scan`: what a topology remembers, live from its owner, else from disk.
 */
import type { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import { describeKey, keyOf, type KeyPart } from '../../state/keys.js';
import { findStore } from '../find-task.js';
import { openLiveState } from '../live-state.js';
import { runtimeCalls, type StateQuery, type StateRow } from '../runtime-calls.js';
import { findTopologyOn } from '../run-settings.js';
import { findTopology } from '../topology-catalog.js';
import { EXIT } from './exit.js';
import { DATA_OPTION, wholeNumber } from './options.js';
import { withData, type OpenedData } from './open-data.js';
import { jsonText } from './plain-json.js';
import { remark, say, writeLine } from './terminal.js';

interface StateOptions {
  readonly data: string;
  readonly features?: string;
  readonly prefix?: string;
  readonly limit?: string;
}

type Scan = (query: Pick<StateQuery, 'prefix' | 'limit'>) => Promise<readonly StateRow[]>;

const SEPARATOR = ' / ';
const TOPOLOGY_HELP = 'a shipped name, or a path such as ./my.topology.js';

export function addState(program: Command): void {
  const state = program.command('state').description('look into the state of a topology');
  state
    .command('get')
    .description('the value of one key')
    .argument('<topology>', TOPOLOGY_HELP)
    .argument('<store>')
    .argument('<key>', 'as "runner state scan" prints it; a leading empty run may be left out')
    .option(...DATA_OPTION)
    .option('--features <set>', 'feature set of the decision loop')
    .addHelpText('after', '\nExample:\n  runner state get card-velocity shops shop-17')
    .action(async (topology: string, store: string, key: string, options: StateOptions) => {
      process.exitCode = await withStore({ topology, store }, options, (scan) => get(scan, key));
    });
  state
    .command('scan')
    .description('keys and values of a store, in key order per task')
    .argument('<topology>', TOPOLOGY_HELP)
    .argument('<store>')
    .option(...DATA_OPTION)
    .option('--prefix <key>', 'only keys that begin so')
    .option('--limit <n>', 'at most so many', '20')
    .option('--features <set>', 'feature set of the decision loop')
    .addHelpText('after', '\nExample:\n  runner state scan card-velocity shops --limit 5')
    .action(async (topology: string, store: string, options: StateOptions) => {
      const limit = wholeNumber('--limit', options.limit ?? '20');
      process.exitCode = await withStore({ topology, store }, options, async (scan) => {
        for (const row of await scanned(scan, options.prefix ?? '', limit)) {
          await writeLine(lineOf(row));
        }
        return EXIT.done;
      });
    });
}

async function withStore(
  which: { readonly topology: string; readonly store: string },
  options: StateOptions,
  work: (scan: Scan) => Promise<number>,
): Promise<number> {
  return withData({ data: options.data, mode: 'read' }, async (opened) => {
    const { owner, bus } = opened;
    if (owner) {
      // A path names a topology by its file; the owner knows it by its name.
      const name = /[./]/.test(which.topology)
        ? (await findTopology(which.topology, { clock: bus.clock })).name
        : which.topology;
      return work((query) =>
        owner.call(runtimeCalls.scan, { topology: name, store: which.store, ...query }),
      );
    }
    return fromDisk(opened, { ...which, features: options.features }, work);
  });
}

async function fromDisk(
  { dataDir, bus }: OpenedData,
  which: {
    readonly topology: string;
    readonly store: string;
    readonly features: string | undefined;
  },
  work: (scan: Scan) => Promise<number>,
): Promise<number> {
  const topology = await findTopologyOn(bus, which.topology, which.features);
  const store = findStore(topology, which.store);
  const prefix = `${topology.name}/${store.stage}/`;
  const tasks = (await bus.tasks()).filter((task) => task.startsWith(prefix));
  return work(async (query) => {
    const rows: StateRow[] = [];
    for (const task of tasks) {
      if (rows.length >= query.limit) break;
      const state = await openLiveState(dataDir, bus, { topology, task });
      if (!state) continue;
      try {
        const found = await state.scan(store.ordinal, query.prefix, query.limit - rows.length);
        for (const [key, value] of found) rows.push({ task, key, value });
      } finally {
        await state.close();
      }
    }
    return rows;
  });
}

async function get(scan: Scan, key: string): Promise<number> {
  for (const bytes of keysOf(key)) {
    const [row] = (await scan({ prefix: bytes, limit: 1 })).filter((one) => one.key === bytes);
    if (!row) continue;
    say(lineOf(row));
    return EXIT.done;
  }
  remark(`there is no key "${key}"; see which there are: runner state scan`);
  return EXIT.difference;
}

async function scanned(scan: Scan, prefix: string, limit: number): Promise<readonly StateRow[]> {
  if (prefix === '') return scan({ prefix: '', limit });
  const rows = new Map<string, StateRow>();
  for (const bytes of prefixesOf(prefix)) {
    if (rows.size >= limit) break;
    for (const row of await scan({ prefix: bytes, limit: limit - rows.size })) {
      rows.set(`${row.task} ${row.key}`, row);
    }
  }
  return [...rows.values()];
}

const lineOf = ({ task, key, value }: StateRow): string =>
  jsonText({ task, key: describeKey(key), value });

/** The keys a person may mean: each part of digits may be text or a number, and the run may be empty. */
export function keysOf(text: string): readonly string[] {
  const hex = /^0x((?:[0-9a-f]{2})+)$/i.exec(text)?.[1];
  if (hex !== undefined) return [Buffer.from(hex, 'hex').toString('latin1')];
  const parts = text.split(SEPARATOR);
  if (parts.length > 6) throw new UsageError(`"${text}" has too many parts for a key.`);
  const readings = parts.reduce<readonly (readonly KeyPart[])[]>(
    (all, part) => all.flatMap((before) => readingsOf(part).map((one) => [...before, one])),
    [[]],
  );
  return [...readings, ...readings.map((one) => ['', ...one])].map((one) => keyOf(...one));
}

/** The same for the beginning of a key, whose last part may be cut. */
function prefixesOf(text: string): readonly string[] {
  // A text part is closed by a zero byte; without it the key's bytes begin those of longer texts.
  const cut = keysOf(text).map((key) => (key.endsWith('\x00') ? key.slice(0, -1) : key));
  return [...new Set([...cut, ...keysOf(text)])];
}

const readingsOf = (part: string): readonly KeyPart[] =>
  /^\d{1,20}$/.test(part) && BigInt(part) < 1n << 64n ? [part, BigInt(part)] : [part];
