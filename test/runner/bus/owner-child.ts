/**
 * Owns a data directory and serves its socket until it is killed; says "ready" on stdout.
 * Arguments: data directory.
 */
import { handleBus } from '../../../runner/bus/bus-calls.js';
import { openBus } from '../../../runner/bus/open.js';
import { OwnerHandlers, serveOwner } from '../../../runner/owner-socket.js';

const dataDir = process.argv[2] ?? '';
const { bus } = await openBus({ dataDir, mode: 'own' });
await bus.ensureTopics([{ name: 'a.v1', partitions: 1, retentionMs: null, retentionBytes: null }]);
const handlers = new OwnerHandlers();
handleBus(handlers, bus);
await serveOwner({ dataDir, handlers });
process.stdout.write('ready\n');
setInterval(() => undefined, 60_000);
