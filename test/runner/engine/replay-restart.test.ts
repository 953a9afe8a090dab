/** R5 across restarts: what a process only remembered must not show in what it commits. */
import { describe, expect, it } from 'vitest';
import { drive } from '../../../runner/driver.js';
import { openReplay } from '../../../runner/engine/replay.js';
import { verifyReplay } from '../../../runner/verify.js';
import { MemoryBacking } from '../../../state/backing.js';
import { openTaskState } from '../../../state/task-state.js';
import { cardHistory, START_MS } from '../../support/card-history.js';
import { cardTopology } from '../../support/card-topology.js';

describe('replay after restarts', () => {
  it('R5: is equal when every round is followed by a restart', async () => {
    const driver = await drive(cardTopology, {
      clock: 'records',
      partitions: 2,
      startMs: START_MS,
    });
    for (const input of cardHistory(9, 60)) {
      await driver.run([input]);
      await driver.crash();
    }
    // A round that only moves offsets: markers, in tasks that step nothing.
    await driver.endAt(START_MS + 100_000);
    await driver.crash();
    await driver.endAt(START_MS + 200_000);
    const replay = await openReplay({
      topology: cardTopology,
      bus: driver.bus,
      serde: driver.serde,
      openState: ({ stores, lineage }) =>
        openTaskState({
          stores,
          backing: new MemoryBacking(),
          newLineage: Buffer.from(lineage, 'hex'),
        }),
    });
    const verified = await verifyReplay({ bus: driver.bus, replay, build: 'another build' });
    expect(verified.differences).toEqual([]);
    expect(verified.builds).toEqual(['driver']);
    await replay.close();
    await driver.close();
  });
});
