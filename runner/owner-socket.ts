/**
 * The owner's socket: the process that holds the data directory answers read commands, `produce` and
 * metrics there, because LevelDB's lock keeps everybody else out (DESIGN section 5).
 *
 * Owner of the socket file and of `socket` in owner.json; nothing here knows what a call does: handlers
 * are added by whoever has the answer. A socket file left by a dead owner is replaced, which is safe
 * because the caller holds the lock of the directory.
 * bound: bodies 96 MiB; a stream writes no further than its reader reads; 64 connections.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdir, rm, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { UsageError } from '../schemas/errors.js';
import { readOwner, writeOwner } from './bus/embedded/data-owner.js';
import {
  frameOf,
  MESSAGE_BYTES_MAX,
  packMessage,
  unpackMessage,
  wireError,
  type OwnerCall,
  type OwnerStream,
} from './owner-protocol.js';

const CONNECTIONS_MAX = 64;
/** sun_path has 108 bytes with its NUL on Linux. */
const PATH_BYTES_MAX = 107;

type Answer = (params: unknown, signal: AbortSignal) => Promise<unknown>;
type Items = (params: unknown, signal: AbortSignal) => AsyncIterable<unknown>;

/** What the socket answers; a name added twice is a defect. `signal` aborts when the client leaves. */
export class OwnerHandlers {
  readonly #answers = new Map<string, Answer>();
  readonly #streams = new Map<string, Items>();

  answer<Params, Answered>(
    call: OwnerCall<Params, Answered>,
    work: (params: Params, signal: AbortSignal) => Promise<Answered>,
  ): this {
    this.#refuseTwice(call.name);
    this.#answers.set(call.name, (params, signal) => work(params as Params, signal));
    return this;
  }

  stream<Params, Item>(
    call: OwnerStream<Params, Item>,
    work: (params: Params, signal: AbortSignal) => AsyncIterable<Item>,
  ): this {
    this.#refuseTwice(call.name);
    this.#streams.set(call.name, (params, signal) => work(params as Params, signal));
    return this;
  }

  findAnswer(name: string): Answer | undefined {
    return this.#answers.get(name);
  }

  findStream(name: string): Items | undefined {
    return this.#streams.get(name);
  }

  #refuseTwice(name: string): void {
    if (this.#answers.has(name) || this.#streams.has(name)) {
      throw new UsageError(`the owner's socket already answers ${name}.`);
    }
  }
}

export interface OwnerSocketOptions {
  readonly dataDir: string;
  readonly handlers: OwnerHandlers;
  /** Text of GET /metrics. */
  readonly metrics?: () => Promise<string>;
  /** Reasons against being ready, in sentences; none: ready. */
  readonly readiness?: () => readonly string[];
}

export interface OwnerSocket {
  readonly path: string;
  close(): Promise<void>;
}

/** `<data>/weir.sock`, or a short path derived from it where the system could not bind that. */
export const socketPath = async (dataDir: string): Promise<string> => {
  const path = join(resolve(dataDir), 'weir.sock');
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return path;
  const user = userInfo();
  const folder = join(tmpdir(), `weir-${user.uid}`);
  await mkdir(folder, { mode: 0o700, recursive: true });
  const { uid, mode } = await stat(folder);
  if (uid !== user.uid || (mode & 0o077) !== 0) {
    throw new UsageError(`${folder} is open to others; remove it, or use a shorter --data path.`);
  }
  const short = join(
    folder,
    `${createHash('sha256').update(path).digest('hex').slice(0, 16)}.sock`,
  );
  if (Buffer.byteLength(short) <= PATH_BYTES_MAX) return short;
  throw new UsageError(`the path ${path} is too long for a socket; use a shorter --data path.`);
};

/** Serves the socket of a directory this process owns (it holds an open embedded bus there). */
export const serveOwner = async (options: OwnerSocketOptions): Promise<OwnerSocket> => {
  const { dataDir } = options;
  const owner = await readOwner(dataDir);
  if (owner?.pid !== process.pid) {
    throw new UsageError(`${dataDir} is not owned by this process; open its bus first.`);
  }
  const path = await socketPath(dataDir);
  const answering = new Set<AbortController>();
  const server = createServer((request, response) => {
    const leaving = new AbortController();
    answering.add(leaving);
    response.once('close', () => {
      answering.delete(leaving);
      leaving.abort();
    });
    // What fails here is the connection itself; the client sees it broken off.
    respond(options, request, response, leaving.signal).catch(() => response.destroy());
  });
  server.maxConnections = CONNECTIONS_MAX;
  // Idle connections of a client stay usable; they end with the client.
  server.keepAliveTimeout = 0;
  await rm(path, { force: true });
  await listen(server, path);
  await writeOwner(dataDir, { ...owner, socket: path });
  return {
    path,
    async close() {
      for (const leaving of answering) leaving.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await rm(path, { force: true });
      const now = await readOwner(dataDir);
      if (now?.pid === process.pid) await writeOwner(dataDir, { ...now, socket: null });
    },
  };
};

/** The file must never exist with more rights than 0600, so the mask is set around the bind. */
const listen = async (server: Server, path: string): Promise<void> => {
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await once(server, 'listening');
};

const respond = async (
  options: OwnerSocketOptions,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> => {
  const [, kind = '', name = ''] = (request.url ?? '').split('/');
  try {
    if (request.method === 'GET') {
      await respondText(options, request.url ?? '', response);
    } else if (kind === 'stream') {
      const items = options.handlers.findStream(name);
      if (items === undefined) throw unknownCall(name);
      await sendItems(response, items(await bodyOf(request), signal), signal);
    } else {
      const answer = options.handlers.findAnswer(name);
      if (answer === undefined) throw unknownCall(name);
      sendMessage(response, 200, { answer: await answer(await bodyOf(request), signal) });
    }
  } catch (failure) {
    if (response.headersSent) response.end(frameOf({ error: wireError(failure) }));
    else sendMessage(response, 400, { error: wireError(failure) });
  }
};

const unknownCall = (name: string): UsageError =>
  new UsageError(`the running process does not answer ${name}; is it another version of weir?`);

const sendMessage = (response: ServerResponse, status: number, message: object): void => {
  const body = packMessage(message);
  response.writeHead(status, {
    'content-type': 'application/x-msgpack',
    'content-length': body.length,
  });
  response.end(body);
};

const sendItems = async (
  response: ServerResponse,
  items: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<void> => {
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  response.flushHeaders();
  for await (const item of items) {
    if (signal.aborted) break;
    if (!response.write(frameOf({ item }))) await drained(response, signal);
  }
  response.end(frameOf({ end: true }));
};

/** Until the reader has read, or left. */
const drained = (response: ServerResponse, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.once('drain', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MESSAGE_BYTES_MAX) {
      throw new UsageError(`a request to the owner has more than ${MESSAGE_BYTES_MAX} bytes.`);
    }
    chunks.push(chunk);
  }
  return bytes === 0 ? null : unpackMessage(Buffer.concat(chunks));
};

const respondText = async (
  { metrics, readiness }: OwnerSocketOptions,
  url: string,
  response: ServerResponse,
): Promise<void> => {
  const send = (status: number, body: string): void => {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(body);
  };
  if (url === '/metrics' && metrics !== undefined) send(200, await metrics());
  else if (url === '/health/live') send(200, 'live\n');
  else if (url === '/health/ready') {
    const reasons = readiness?.() ?? [];
    send(
      reasons.length === 0 ? 200 : 503,
      reasons.length === 0 ? 'ready\n' : `${reasons.join('\n')}\n`,
    );
  } else send(404, 'not found\n');
};
