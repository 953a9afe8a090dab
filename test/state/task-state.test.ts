import { levelDisk, memoryDisk } from './disk.js';
import { stateSuite } from './suite.js';

stateSuite('memory', () => memoryDisk());
stateSuite('LevelDB', levelDisk);
