import { boundsSuite } from './bounds.js';
import { levelDisk, memoryDisk } from './disk.js';
import { roundsSuite } from './rounds.js';
import { stateSuite } from './suite.js';
import { trafficSuite } from './traffic.js';

for (const [name, disk] of [
  ['memory', () => memoryDisk()],
  ['LevelDB', levelDisk],
] as const) {
  stateSuite(name, disk);
  boundsSuite(name, disk);
  roundsSuite(name, disk);
  trafficSuite(name, disk);
}
