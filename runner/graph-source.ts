/**
 * The identity graph as questions read it: live, between two rounds of a running `ieg`, or from disk
 * when none runs. Read-only.
 *
 * The version is the next offsets of all its sources, so equal versions are equal graphs.
 */
import { GRAPH_UNUSABLE } from '../operators/graph/graph-projection.js';
import type { GraphReader, GraphVersion } from '../operators/graph/graph-query.js';
import type { GraphRow } from '../operators/graph/graph-row.js';
import { UsageError } from '../schemas/errors.js';
import { graphVersion, type NextOffset } from '../schemas/state-versions.js';
import type { TaskState } from '../state/port.js';
import { ieg } from '../topologies/ieg.js';
import type { Bus } from './bus/port.js';
import { decodeHeader } from './engine/header.js';
import { findStore } from './find-task.js';
import type { GraphSource, GraphStatus } from './http/graph-routes.js';
import { lastRound } from './last-round.js';
import { openLiveState } from './live-state.js';
import type { RunningTopology } from './runtime.js';

/** The projection's name in versions (spec/platform.md 10). */
const STREAM = 'ieg.v0';
const OFFSET_KIND = 'kafka_offset';

const STORE = findStore(ieg, 'graph');

/** A running `ieg`. Questions see what is durable, and no round begins while one is answered. */
export function liveGraph(running: RunningTopology): GraphSource {
  const { group } = running.opened;
  const states = group.tasks.filter(({ stage }) => stage === STORE.stage).map(({ state }) => state);
  return {
    open: async (platformRunId) => {
      const release = await running.pause.hold();
      try {
        await group.settled();
        const offsets = group.readers.map(({ topic, partition, next }) =>
          nextOffset(topic, partition, next),
        );
        return {
          version: versionOf(platformRunId, offsets),
          get: (key) => Promise.resolve(rowIn(states, key)),
          close: () => {
            release();
            return Promise.resolve();
          },
        };
      } catch (error) {
        release();
        throw error;
      }
    },
    status: () => statusOf(running),
  };
}

/** The graph of a directory nobody runs `ieg` on; `close` closes its states. */
export async function storedGraph(
  dataDir: string,
  bus: Bus,
): Promise<{ readonly source: GraphSource; close(): Promise<void> }> {
  const prefix = `${ieg.name}/${STORE.stage}/`;
  const tasks = (await bus.tasks()).filter((task) => task.startsWith(prefix));
  if (tasks.length === 0) {
    throw new UsageError('No identity graph was built here; run: runner start ieg --until-end');
  }
  const states: TaskState[] = [];
  const close = async (): Promise<void> => {
    for (const state of states) await state.close();
  };
  try {
    for (const task of tasks) {
      const state = await openLiveState(dataDir, bus, { topology: ieg, task });
      if (state) states.push(state);
    }
    const offsets = await committedOffsets(bus);
    return { source: storedSource(states, offsets), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function storedSource(states: readonly TaskState[], offsets: readonly NextOffset[]): GraphSource {
  return {
    open: (platformRunId) =>
      Promise.resolve<GraphReader & { close(): Promise<void> }>({
        version: versionOf(platformRunId, offsets),
        get: (key) => Promise.resolve(rowIn(states, key)),
        close: () => Promise.resolve(),
      }),
    // Counters are of a running process.
    status: () => NOTHING_COUNTED,
  };
}

const NOTHING_COUNTED: GraphStatus = {
  eventsSeen: 0,
  mutatingApplied: 0,
  duplicate: 0,
  payloadMismatch: 0,
  irrelevant: 0,
  unusable: 0,
  watermarkTsMicros: null,
};

/** Where the last committed rounds left the sources. */
async function committedOffsets(bus: Bus): Promise<readonly NextOffset[]> {
  const next = new Map<string, NextOffset>();
  for (const task of await bus.tasks()) {
    if (!task.startsWith(`${ieg.name}/`)) continue;
    const last = await lastRound(bus, task);
    if (!last) continue;
    for (const { topic, partition, to } of decodeHeader(last.header).ranges) {
      next.set(`${topic}/${partition}`, nextOffset(topic, partition, to));
    }
  }
  return [...next.values()];
}

const nextOffset = (topic: string, partition: number, next: bigint): NextOffset => ({
  topic,
  partition,
  nextOffset: next.toString(),
  offsetKind: OFFSET_KIND,
});

function versionOf(platformRunId: string, offsets: readonly NextOffset[]): GraphVersion {
  const stream = `${STREAM}::${platformRunId}`;
  return { stream, ...graphVersion(stream, offsets) };
}

/** The row, from the one task that has it. */
function rowIn(states: readonly TaskState[], key: string): GraphRow | undefined {
  for (const state of states) {
    const row = state.keyed<GraphRow>(STORE.ordinal).get(key);
    if (row !== undefined) return row;
  }
  return undefined;
}

/**
 * Counted since the process started. A touch that comes twice changes nothing and payloads are not
 * compared, so the projection has no count of duplicates or mismatches of its own.
 */
function statusOf({ opened }: RunningTopology): GraphStatus {
  let eventsSeen = 0;
  let mutatingApplied = 0;
  let unusable = 0;
  for (const task of opened.group.tasks) {
    for (const account of task.accounts.values()) {
      if (account.name !== 'graph-events') continue;
      eventsSeen += account.in;
      mutatingApplied += account.passed;
      unusable += account.reasons.get(GRAPH_UNUSABLE) ?? 0;
    }
  }
  return { ...NOTHING_COUNTED, eventsSeen, mutatingApplied, unusable };
}
