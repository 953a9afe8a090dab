/** The owner's socket by itself: rights, paths, errors, streams, text for curl. */
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedBus } from '../../runner/bus/embedded/open-embedded.js';
import type { LogBus } from '../../runner/bus/embedded/log-bus.js';
import { OwnerClient } from '../../runner/owner-client.js';
import { ownerCall, ownerStream } from '../../runner/owner-protocol.js';
import { OwnerHandlers, serveOwner, type OwnerSocket } from '../../runner/owner-socket.js';
import { DivertError, HaltError } from '../../schemas/errors.js';
import { failsWith } from './bus/suite.js';

const double = ownerCall<number, bigint>('test.double');
const divert = ownerCall<null, null>('test.divert');
const defect = ownerCall<null, null>('test.defect');
const count = ownerStream<number, { readonly at: number; readonly bytes: Uint8Array }>(
  'test.count',
);
const halting = ownerStream<null, number>('test.halting');

let dir = '';
let bus: LogBus;
let socket: OwnerSocket;
let client: OwnerClient;
let counted = 0;
let left = 0;

const handlers = (): OwnerHandlers =>
  new OwnerHandlers()
    .answer(double, (value) => Promise.resolve(BigInt(value) * 2n))
    .answer(divert, () => Promise.reject(new DivertError('STEP_FAILED', 'no', { origin: 'a/0/7' })))
    .answer(defect, () => Promise.reject(new TypeError('a defect')))
    .stream(count, async function* (until, signal) {
      try {
        for (let at = 0; at < until && !signal.aborted; at++) {
          counted++;
          yield { at, bytes: Buffer.alloc(1000, at) };
          await Promise.resolve();
        }
      } finally {
        left++;
      }
    })
    .stream(halting, async function* () {
      yield 1;
      await Promise.resolve();
      throw new HaltError('BATCH_CORRUPT', 'damaged');
    });

const start = async (dataDir: string, reasons: readonly string[] = []): Promise<void> => {
  bus = await openEmbeddedBus({ dir: dataDir });
  socket = await serveOwner({
    dataDir,
    handlers: handlers(),
    metrics: () => Promise.resolve('weir_records_total 7\n'),
    readiness: () => reasons,
  });
  client = new OwnerClient(socket.path);
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-socket-'));
  counted = 0;
  left = 0;
});
afterEach(async () => {
  client.close();
  await socket.close();
  await bus.close();
  await rm(dir, { recursive: true });
});

describe('owner socket', () => {
  it('has mode 0600, stands in owner.json, and is gone after close', async () => {
    await start(dir);
    expect((await stat(join(dir, 'weir.sock'))).mode & 0o777).toBe(0o600);
    const owner = JSON.parse(await readFile(join(dir, 'owner.json'), 'utf8')) as object;
    expect(owner).toMatchObject({ pid: process.pid, socket: join(dir, 'weir.sock') });
    await socket.close();
    await expect(stat(join(dir, 'weir.sock'))).rejects.toThrow();
    await start0();
  });

  /** Serves again, for the closing of afterEach. */
  const start0 = async (): Promise<void> => {
    socket = await serveOwner({ dataDir: dir, handlers: handlers() });
  };

  it('takes a short path where the directory has a long one, and owner.json tells it', async () => {
    const long = join(dir, 'x'.repeat(60), 'y'.repeat(60));
    await mkdir(long, { recursive: true });
    await start(long);
    expect(Buffer.byteLength(socket.path)).toBeLessThanOrEqual(107);
    expect((await stat(socket.path)).mode & 0o777).toBe(0o600);
    const owner = JSON.parse(await readFile(join(long, 'owner.json'), 'utf8')) as object;
    expect(owner).toMatchObject({ socket: socket.path });
    expect(await client.call(double, 4)).toBe(8n);
  });

  it('replaces a socket file nobody listens on any more', async () => {
    const stale = createServer().listen(join(dir, 'weir.sock'));
    await once(stale, 'listening');
    // Closing would remove the file; a process that was killed leaves it.
    stale.unref();
    await start(dir);
    expect(await client.call(double, 21)).toBe(42n);
  });

  it('is refused to a process that does not own the directory', async () => {
    await start(dir);
    const other = await mkdtemp(join(tmpdir(), 'weir-socket-'));
    await failsWith(serveOwner({ dataDir: other, handlers: handlers() }), 'USAGE');
    await rm(other, { recursive: true });
  });

  it('errors arrive as what they were: code, disposition, origin, message', async () => {
    await start(dir);
    const diverted = await failsWith(client.call(divert, null), 'STEP_FAILED');
    expect(diverted).toBeInstanceOf(DivertError);
    expect(diverted).toMatchObject({ disposition: 'divert', origin: 'a/0/7', message: 'no' });
    const broken = await failsWith(client.call(defect, null), 'OWNER_GONE');
    expect(broken.message).toContain('a defect');
    const unknown = await failsWith(client.call(ownerCall('test.unknown'), null), 'USAGE');
    expect(unknown.message).toContain('test.unknown');
    await failsWith(
      (async () => {
        for await (const item of client.stream(halting, null)) expect(item).toBe(1);
      })(),
      'BATCH_CORRUPT',
    );
    expect(() => handlers().answer(double, () => Promise.resolve(1n))).toThrow('already answers');
  });

  it('answers many calls at once', async () => {
    await start(dir);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => client.call(double, at)),
    );
    expect(answers).toEqual(Array.from({ length: 200 }, (_, at) => BigInt(at) * 2n));
  });

  it('streams to the end, in order', async () => {
    await start(dir);
    let next = 0;
    for await (const { at, bytes } of client.stream(count, 5000)) {
      expect(at).toBe(next++);
      expect(Buffer.compare(bytes, Buffer.alloc(1000, at))).toBe(0);
    }
    expect(next).toBe(5000);
    expect(left).toBe(1);
  });

  it('a stream goes no further than its reader and ends when the reader leaves', async () => {
    await start(dir);
    for await (const { at } of client.stream(count, 10_000_000)) {
      if (at === 10) await new Promise((resolve) => setTimeout(resolve, 100));
      if (at === 20) break;
    }
    await expect.poll(() => left).toBe(1);
    // 1 KB an item: what fits into the buffers of both sides.
    expect(counted).toBeLessThan(5000);
  });

  it('a stream ends when its signal aborts, and with the owner', async () => {
    await start(dir);
    const aborting = new AbortController();
    for await (const { at } of client.stream(count, 10_000_000, aborting.signal)) {
      if (at === 100) aborting.abort();
    }
    await expect.poll(() => left).toBe(1);
    await failsWith(
      (async () => {
        for await (const { at } of client.stream(count, 10_000_000)) {
          if (at === 100) await socket.close();
        }
      })(),
      'OWNER_GONE',
    );
    await failsWith(client.call(double, 1), 'OWNER_GONE');
    await start0();
  });

  it('gives metrics and health as text', async () => {
    await start(dir, ['rtdl/join/0 is catching up']);
    expect(await client.text('/metrics')).toEqual({ status: 200, body: 'weir_records_total 7\n' });
    expect(await client.text('/health/live')).toEqual({ status: 200, body: 'live\n' });
    expect(await client.text('/health/ready')).toEqual({
      status: 503,
      body: 'rtdl/join/0 is catching up\n',
    });
    expect((await client.text('/other')).status).toBe(404);
  });
});
