/**
 * A stopped task's state as it was when its last round was committed: checkpoint and the blobs after
 * it (R4). For reading; nothing is written but what opening a LevelDB writes.
 */
import { UsageError } from '../schemas/errors.js';
import type { TaskState } from '../state/port.js';
import type { Topology } from '../topologies/topology.js';
import type { Bus } from './bus/port.js';
import { decodeHeader } from './engine/header.js';
import { partitionSizes, taskRequests } from './engine/layout.js';
import { recoverTask } from './engine/recover.js';
import { lastRound } from './last-round.js';
import { stateOpener } from './runtime.js';

/** The caller closes it. Undefined for a task that never committed a round. */
export async function openLiveState(
  dataDir: string,
  bus: Bus,
  which: { readonly topology: Topology; readonly task: string },
): Promise<TaskState | undefined> {
  const { topology, task } = which;
  const sizes = await partitionSizes(topology, bus);
  const request = taskRequests(topology, sizes).find((one) => one.task === task);
  if (!request) throw new UsageError(`There is no task ${task} in ${topology.name}.`);
  const last = await lastRound(bus, task);
  if (!last) return undefined;
  const { lineage, clockMs } = decodeHeader(last.header);
  const state = await stateOpener(dataDir, topology, 1)({ ...request, lineage });
  try {
    await recoverTask(
      bus,
      { task, epoch: last.epoch, owner: '', lastSeq: last.seq, lastHeader: last.header },
      state,
    );
    // What has expired by the end of that round reads as absent, for people and for digests.
    if (clockMs > state.clockMs) state.clockMs = clockMs;
    return state;
  } catch (error) {
    await state.close();
    throw error;
  }
}
