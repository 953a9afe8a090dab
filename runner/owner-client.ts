/**
 * The other end of the owner's socket: typed calls and streams.
 *
 * Errors of the owner arrive as the WeirError they were. A connection that cannot be made or breaks is
 * OWNER_GONE (retry): the owner ended, and the next attempt may own the directory itself.
 */
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { HaltError, RetryError, WeirError } from '../schemas/errors.js';
import {
  errorOfWire,
  framesIn,
  packMessage,
  unpackMessage,
  type OwnerCall,
  type OwnerMessage,
  type OwnerStream,
} from './owner-protocol.js';

const CONNECTIONS_MAX = 8;

export class OwnerClient {
  readonly path: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });
  readonly #active = new Set<ClientRequest>();
  #closed = false;

  constructor(path: string) {
    this.path = path;
  }

  async call<Params, Answer>(call: OwnerCall<Params, Answer>, params: Params): Promise<Answer> {
    const response = await this.#post(`/call/${call.name}`, params, this.#agent);
    const message = unpackMessage(await this.#bytesOf(response)) as OwnerMessage;
    if (message.error !== undefined) throw errorOfWire(message.error);
    return message.answer as Answer;
  }

  /** Leaving the loop, or the signal, ends the stream on both sides. */
  async *stream<Params, Item>(
    call: OwnerStream<Params, Item>,
    params: Params,
    signal?: AbortSignal,
  ): AsyncGenerator<Item> {
    let response: IncomingMessage | null = null;
    try {
      response = await this.#post(`/stream/${call.name}`, params, false, signal);
      if (response.statusCode !== 200) {
        const { error } = unpackMessage(await this.#bytesOf(response)) as OwnerMessage;
        throw error === undefined ? this.#gone('it answered nothing') : errorOfWire(error);
      }
      for await (const message of framesIn(response)) {
        if (message.error !== undefined) throw errorOfWire(message.error);
        if (message.end === true) return;
        yield message.item as Item;
      }
      throw this.#gone('it broke off');
    } catch (failure) {
      if (signal?.aborted === true) return;
      throw failure instanceof WeirError ? failure : this.#gone(failure);
    } finally {
      response?.destroy();
    }
  }

  /** Text of GET /metrics, /health/live or /health/ready. */
  async text(path: string): Promise<{ readonly status: number; readonly body: string }> {
    const response = await this.#send('GET', path, null, { agent: this.#agent });
    return {
      status: response.statusCode ?? 0,
      body: (await this.#bytesOf(response)).toString('utf8'),
    };
  }

  close(): void {
    this.#closed = true;
    for (const sending of this.#active) sending.destroy();
    this.#agent.destroy();
  }

  #post(
    path: string,
    params: unknown,
    agent: Agent | false,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    return this.#send('POST', path, packMessage(params), {
      agent,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  #send(
    method: string,
    path: string,
    body: Buffer | null,
    { agent, signal }: { readonly agent: Agent | false; readonly signal?: AbortSignal },
  ): Promise<IncomingMessage> {
    if (this.#closed) {
      return Promise.reject(new HaltError('BUS_CLOSED', 'the connection to the owner is closed.'));
    }
    return new Promise((resolve, reject) => {
      const sending = httpRequest(
        {
          socketPath: this.path,
          method,
          path,
          agent,
          ...(signal === undefined ? {} : { signal }),
        },
        resolve,
      );
      this.#active.add(sending);
      sending.once('close', () => this.#active.delete(sending));
      sending.once('error', (failure) => {
        reject(this.#gone(failure));
      });
      sending.end(body ?? undefined);
    });
  }

  #gone(cause: unknown): RetryError | HaltError {
    if (this.#closed) {
      return new HaltError('BUS_CLOSED', 'the connection to the owner is closed.', { cause });
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    return new RetryError('OWNER_GONE', `no answer from the owner at ${this.path}: ${why}.`, {
      cause,
    });
  }

  async #bytesOf(response: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch (broken) {
      throw this.#gone(broken);
    }
    return Buffer.concat(chunks);
  }
}
