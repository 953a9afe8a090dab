/** The durable embedded bus: the suite every bus passes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedBus } from '../../../runner/bus/embedded/open-embedded.js';
import { busSuite } from './suite.js';

busSuite('embedded', async (clock = 'wall') => {
  const dir = await mkdtemp(join(tmpdir(), 'weir-bus-'));
  let bus = await openEmbeddedBus({ dir, clock });
  return {
    bus,
    async reopen() {
      await bus.close();
      bus = await openEmbeddedBus({ dir });
      return bus;
    },
    async destroy() {
      await bus.close();
      await rm(dir, { recursive: true });
    },
  };
});
