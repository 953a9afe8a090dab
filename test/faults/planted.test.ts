/**
 * Done-when 4: faults planted one at a time in a finished data directory, and which command finds each.
 *
 * | planted | start | replay --verify | rebuild | prove |
 * |---|---|---|---|---|
 * | source record, bits of the disk | when read | BATCH_CORRUPT | BATCH_CORRUPT | BATCH_CORRUPT |
 * | source record, written validly | - | outputs, state, checksum | state | payload hash |
 * | stored decision | - | the record | - | its audit record |
 * | policy record | - | its checksum, state | the same | no such policy |
 * | header, disk | HEADER_CORRUPT | HEADER_CORRUPT | HEADER_CORRUPT | HEADER_CORRUPT |
 * | header, written validly | when it recovers there | the chain | the chain | L3 |
 * | blob, disk or written validly | BLOB_CORRUPT | BLOB_CORRUPT | BLOB_CORRUPT | - |
 * | checkpoint row | - (only what it reads) | - | the task | - |
 * | checkpoint mark | CHECKPOINT_FOREIGN | - | CHECKPOINT_FOREIGN | - |
 * | file of a state's LevelDB | STATE_FAILED or STATE_LOST | - | the same | - |
 * | file of the bus's LevelDB | BUS_FAILED | BUS_FAILED or HEADER_CORRUPT | the same | the same |
 * | bundle file | a log line | the bundle | the bundle | the bundle |
 */
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecisionResponse } from '../../schemas/generated/rtdl-record.js';
import { topicCodec, type TopicCodec } from '../../schemas/codec.js';
import { DECISION_BRANCH, topics } from '../../schemas/topics.js';
import type { Topic } from '../../schemas/topic.js';
import { decisionOf } from '../../runner/observe-rounds.js';
import { buildCli } from '../runner/cli/built-cli.js';
import { runCommand } from '../support/run-command.js';
import { finishedData, TRAFFIC, type FinishedData } from './finished-data.js';
import { changeRecord, flipRound, roundsOf, withDb, type Db } from './rows-on-disk.js';

const JOIN = 'rtdl/join/0';
const ENTITIES = 'rtdl/entities/0';
let data: FinishedData;
/** The decision every fault is planted around: the first one of its partition. */
let decision: DecisionResponse;
let cases = 0;

beforeAll(async () => {
  data = await finishedData();
  const codec = codecOf(topics.rtdl);
  const seen: DecisionResponse[] = [];
  await changeRecord(copyOf('stopped'), {
    topic: topics.rtdl.name,
    checksum: 'right',
    change: (value) => {
      const found = decisionOf(codec.decode(value));
      if (found) seen.push(found);
      return found !== undefined;
    },
  });
  const [first] = seen;
  if (!first) throw new Error('nothing was decided');
  decision = first;
}, 120_000);
afterAll(() => {
  data.remove();
});

type From = 'killed' | 'stopped';

function copyOf(from: From): string {
  const dir = join(data.folder, `case-${(cases += 1)}`);
  cpSync(data[from], dir, { recursive: true });
  return dir;
}

const codecOf = <T>(topic: Topic<T>): TopicCodec<T> => topicCodec(topic, data.runtime.lookup);

/** Overwrites a record's bytes with as many others. */
function overwrite(value: Buffer, bytes: Uint8Array): true {
  if (bytes.length !== value.length) throw new Error('the fault must not change the length');
  value.set(bytes);
  return true;
}

const commands = {
  start: ['start', 'rtdl', '--until-end', '--no-http'],
  replay: ['replay', 'rtdl', '--verify'],
  rebuild: ['rebuild', 'rtdl'],
} as const;

const run = (command: keyof typeof commands, dir: string) =>
  runCommand(...commands[command], '--data', dir);
const prove = (dir: string, level = '1') =>
  runCommand('prove', decision.decision_id, '--level', level, '--data', dir);

/** No stack reaches a person, whatever was planted. */
function expectFound(
  ran: { readonly code: number; readonly said: string },
  code: number,
  ...words: readonly (string | RegExp)[]
): void {
  for (const word of words) {
    if (typeof word === 'string') expect(ran.said).toContain(word);
    else expect(ran.said).toMatch(word);
  }
  expect(ran.said).not.toMatch(/unexpected:|\n {4}at /);
  expect(ran.code).toBe(code);
}

describe('nothing planted', () => {
  it.each(['killed', 'stopped'] as const)(
    'a %s directory is clean for every command',
    async (from) => {
      const dir = copyOf(from);
      expectFound(await run('replay', dir), 0, 'equal: every output');
      expectFound(await run('rebuild', dir), 0, 'rebuilt state equals');
      expectFound(await prove(dir, '3'), 0, 'level 3 reached: equal');
      expectFound(await run('start', dir), 0);
      // The start after a kill recovered from checkpoint and blobs, and decided nothing again.
      expectFound(await run('replay', dir), 0, `${3 * TRAFFIC} records out`);
    },
  );
});

describe('a source record', () => {
  it('with a flipped bit is found by replay, rebuild and prove: BATCH_CORRUPT', async () => {
    const dir = copyOf('stopped');
    await changeRecord(dir, {
      topic: topics.traffic.name,
      checksum: 'left',
      change: (value, record) => {
        if (record.offset !== BigInt(decision.source_event.origin_offset.offset)) return false;
        value[value.length - 3] = (value[value.length - 3] ?? 0) ^ 1;
        return true;
      },
    });
    for (const found of [await run('replay', dir), await run('rebuild', dir), await prove(dir)]) {
      expectFound(
        found,
        3,
        /BATCH_CORRUPT \[fp\.bus\.traffic\.fraud\.v1\/\d\/\d+\]: .*its checksum differs/,
      );
    }
  });

  it('written anew with another amount is found by replay, rebuild and prove', async () => {
    const dir = copyOf('stopped');
    const codec = codecOf(topics.traffic);
    const place = await changeRecord(dir, {
      topic: topics.traffic.name,
      checksum: 'right',
      change: (value) => {
        const event = codec.decode(value);
        if (event.event_id !== decision.source_event.event_id) return false;
        const payload = { ...event.payload, amount: event.payload.amount + 0.01 };
        return overwrite(value, codec.encode({ ...event, payload }));
      },
    });
    const { partition } = decision.source_event.origin_offset;
    expectFound(
      await run('replay', dir),
      1,
      /round \d+ of rtdl\/decide\/\d emitted other bytes then than now/,
      /fp\.bus\.rtdl\.v1\/\d\/\d+ holds other bytes/,
    );
    expectFound(await run('rebuild', dir), 1, `differs rtdl/join/${partition}`);
    expectFound(
      await prove(dir),
      1,
      new RegExp(`fault: ${place}: its payload hashes to`),
      'L1 the decide step: differs',
    );
  });
});

describe('a stored decision', () => {
  it('with another action is found by replay and prove', async () => {
    const dir = copyOf('stopped');
    const codec = codecOf(topics.rtdl);
    const place = await changeRecord(dir, {
      topic: topics.rtdl.name,
      checksum: 'right',
      change: (value) => {
        const found = decisionOf(codec.decode(value));
        if (found?.decision_id !== decision.decision_id) return false;
        const action = found.action === 'QUEUE' ? 'APPROVE' : 'QUEUE';
        return overwrite(value, codec.encode({ [DECISION_BRANCH]: { ...found, action } }));
      },
    });
    expectFound(
      await run('replay', dir),
      1,
      `differs: ${place} holds other bytes than executing again gives`,
      '1 differences',
    );
    expectFound(
      await prove(dir),
      1,
      new RegExp(`fault: ${place} says \\w+, its audit record \\w+`),
      'L1 the decide step: differs',
    );
    // The comparer of scripts/crash.mjs sees it as well, and only it.
    const script = fileURLToPath(new URL('../../scripts/compare-decisions.mjs', import.meta.url));
    const { status, stdout } = spawnSync(
      process.execPath,
      [script, data.stopped, dir, '--dist', buildCli()],
      { encoding: 'utf8' },
    );
    expect(stdout).toContain(`${TRAFFIC} expected, ${TRAFFIC} found, ${TRAFFIC - 1} equal`);
    expect(stdout).toContain(`${decision.decision_id} differs at action:`);
    expect(status).toBe(1);
  });
});

describe('a policy record', () => {
  it('with another cap is found by replay, rebuild and prove', async () => {
    const dir = copyOf('stopped');
    const codec = codecOf(topics.policy);
    const place = await changeRecord(dir, {
      topic: topics.policy.name,
      checksum: 'right',
      change: (value) => {
        const policy = codec.decode(value);
        const content = policy.content.replace('500000', '500001');
        return overwrite(value, codec.encode({ ...policy, content }));
      },
    });
    expectFound(
      await run('replay', dir),
      1,
      `${place} is not the record that was processed: its checksum differs`,
    );
    expectFound(
      await run('rebuild', dir),
      1,
      `fault: ${place} is not the record that was processed`,
    );
    expectFound(await prove(dir), 1, /the content hashes to [0-9a-f]{64}, not to/);
  });
});

describe('a round header', () => {
  it('with a flipped bit is found by every command: HEADER_CORRUPT', async () => {
    const dir = copyOf('stopped');
    const { last } = await roundsOf(dir, JOIN);
    await flipRound(dir, { task: JOIN, seq: last, in: 'header', checksum: 'left' });
    const words = `HEADER_CORRUPT [${JOIN}/${last}]: the header of ${JOIN} round ${last} is damaged on disk.`;
    for (const found of [
      await run('start', dir),
      await run('replay', dir),
      await run('rebuild', dir),
    ]) {
      expectFound(found, 3);
      expect(found.said).toContain(words);
    }
  });

  it.each(['first', 'last'] as const)(
    'the %s one, written anew, breaks the chain',
    async (which) => {
      const dir = copyOf('stopped');
      const { last } = await roundsOf(dir, JOIN);
      const seq = which === 'first' ? 1 : last;
      await flipRound(dir, { task: JOIN, seq, in: 'header', checksum: 'right' });
      const words = `Header ${seq} of ${JOIN} does not follow from the one before it`;
      expectFound(await run('replay', dir), 1, `differs: ${words}`);
      expectFound(await run('rebuild', dir), 1, `fault: ${words}`);
      // A start reads the header it recovers at, not those long behind it.
      if (which === 'last') expectFound(await run('start', dir), 3, /HEADER_CORRUPT/, words);
    },
  );
});

describe('a round blob', () => {
  it.each(['left', 'right'] as const)(
    'with a flipped bit, checksum %s, is found by every command',
    async (checksum) => {
      const dir = copyOf('killed');
      const seq = (await roundsOf(dir, JOIN)).blobs.at(-1);
      if (seq === undefined) throw new Error('a killed directory has blobs');
      await flipRound(dir, { task: JOIN, seq, in: 'blob', checksum });
      const named =
        checksum === 'left'
          ? `the blob of ${JOIN} round ${seq} part 0 is damaged`
          : `The blob of round ${seq} of ${JOIN} does not match`;
      expectFound(await run('replay', dir), checksum === 'left' ? 3 : 1, named);
      expectFound(await run('rebuild', dir), checksum === 'left' ? 3 : 1, named);
      expectFound(await run('start', dir), 3, /BLOB_CORRUPT/, named);
    },
  );
});

const inState = (dir: string): string => join(dir, 'state', ENTITIES);

/** Changes the first row of a key space in the state of a task. */
const changeRow = (dir: string, space: number, change: (value: Buffer) => void): Promise<void> =>
  withDb(inState(dir), async (db: Db) => {
    const range = { gte: Buffer.of(space), lt: Buffer.of(space + 1) };
    for await (const [key, value] of db.iterator(range)) {
      change(value);
      await db.put(key, value, { sync: true });
      return;
    }
    throw new Error('the state has no such row');
  });

describe('a checkpoint', () => {
  const KEYED = 0x10;

  it('with a wrong value in a row is found by rebuild, which names the task', async () => {
    const dir = copyOf('stopped');
    await changeRow(dir, KEYED, (value) => {
      value[value.length - 1] = (value[value.length - 1] ?? 0) ^ 1;
    });
    expectFound(await run('rebuild', dir), 1, `differs ${ENTITIES}`, '1 tasks differ');
  });

  it('with a mark of another lineage is refused: CHECKPOINT_FOREIGN', async () => {
    const dir = copyOf('stopped');
    await changeRow(dir, 0, (value) => {
      value[4] = value[4] === 0x61 ? 0x62 : 0x61;
    });
    expectFound(
      await run('start', dir),
      3,
      /CHECKPOINT_FOREIGN/,
      `The checkpoint of ${ENTITIES} cannot be used: its lineage`,
    );
    expectFound(await run('rebuild', dir), 1, `differs ${ENTITIES}`, 'CHECKPOINT_FOREIGN');
  });
});

/** Flips a bit in the middle of a LevelDB's file, or where one of its files says `words`. */
function flipFile(folder: string, what: { readonly name: string } | { readonly words: string }) {
  for (const file of readdirSync(folder)) {
    if ('name' in what && !file.includes(what.name)) continue;
    const bytes = readFileSync(join(folder, file));
    const at = 'words' in what ? bytes.indexOf(what.words) : Math.floor(bytes.length / 2);
    if (at < 0) continue;
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    writeFileSync(join(folder, file), bytes);
    return;
  }
  throw new Error(`${folder} has no such file: ${JSON.stringify(what)}`);
}

describe('a file of LevelDB', () => {
  it.each([
    ['MANIFEST', 'STATE_FAILED'],
    ['CURRENT', 'STATE_FAILED'],
    // LevelDB drops a damaged log in silence; what is missing then shows against the round log.
    ['.log', 'STATE_LOST'],
  ])('%s of a state is found by start and rebuild: %s', async (name, code) => {
    const dir = copyOf('stopped');
    flipFile(inState(dir), { name });
    expectFound(await run('start', dir), 3, code, ENTITIES);
    expectFound(await run('rebuild', dir), 1, `differs ${ENTITIES}`, code);
  });

  it.each(['MANIFEST', 'CURRENT'])('%s of the bus is found by every command', async (name) => {
    const dir = copyOf('stopped');
    flipFile(join(dir, 'bus'), { name });
    for (const command of ['replay', 'rebuild', 'start'] as const) {
      expectFound(await run(command, dir), 3, /BUS_FAILED: the bus in .* cannot be opened/);
    }
  });

  it('of the bus, where a decision stands, is found by replay', async () => {
    const dir = copyOf('stopped');
    // LevelDB drops a damaged write of its log, or hands out what a damaged block says: in silence.
    flipFile(join(dir, 'bus'), { words: decision.decision_id });
    expectFound(await run('replay', dir), 3, /(HEADER|BATCH)_CORRUPT \[|BUS_FAILED/);
  });
});

describe('a bundle file', () => {
  it.each(['changed', 'gone'] as const)(
    '%s is found by start, replay, rebuild and prove',
    async (how) => {
      const dir = copyOf('stopped');
      const [name] = readdirSync(join(dir, 'objects'));
      if (name === undefined) throw new Error('there is a bundle');
      const file = join(dir, 'objects', name);
      if (how === 'gone') rmSync(file);
      else writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from(' ')]));
      const named = `bundle ${name} at objects/${name}`;
      expectFound(
        await run('replay', dir),
        1,
        `differs: ${named}, which fp.registry.v1/0/0 names, is missing or was changed`,
      );
      expectFound(await run('rebuild', dir), 1, `fault: ${named}`);
      expectFound(await prove(dir), 1, `fault: ${named} is missing, or its bytes were changed`);
      expect((await run('start', dir)).said).toMatch(
        how === 'gone' ? /could not be loaded/ : /do not match their hash/,
      );
    },
  );
});
