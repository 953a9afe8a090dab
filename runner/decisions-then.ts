/**
 * The decisions that were made, paired with those a replay makes by the traffic event they are about.
 *
 * The topic is walked beside the replay; what was passed over waits to be asked for.
 * bound: what is held is the disorder between the two, not the history.
 */
import type { TopicCodec } from '../schemas/codec.js';
import type { DecisionResponse, RtdlRecord } from '../schemas/generated/rtdl-record.js';
import { topics } from '../schemas/topics.js';
import type { Bus } from './bus/port.js';
import { decisionOf } from './observe-rounds.js';

const eventKey = ({ pins, source_event }: DecisionResponse): string =>
  `${pins.platform_run_id}|${source_event.event_id}`;

export class DecisionsThen {
  readonly #bus: Bus;
  readonly #codec: TopicCodec<RtdlRecord>;
  readonly #waiting = new Map<string, DecisionResponse>();
  #next: Map<number, { next: bigint; done: boolean }> | undefined;

  constructor(bus: Bus, codec: TopicCodec<RtdlRecord>) {
    this.#bus = bus;
    this.#codec = codec;
  }

  async of(now: DecisionResponse): Promise<DecisionResponse | undefined> {
    const key = eventKey(now);
    for (;;) {
      const found = this.#waiting.get(key);
      if (found) {
        this.#waiting.delete(key);
        return found;
      }
      if (!(await this.#advance())) return undefined;
    }
  }

  async *rest(): AsyncGenerator<DecisionResponse> {
    do {
      yield* this.#waiting.values();
      this.#waiting.clear();
    } while (await this.#advance());
  }

  /** One pull of every partition; false when there is nothing more. */
  async #advance(): Promise<boolean> {
    const topic = topics.rtdl.name;
    this.#next ??= new Map(
      (await this.#bus.bounds(topic)).map(({ partition, start, end }) => [
        partition,
        { next: start, done: start >= end },
      ]),
    );
    let more = false;
    for (const [partition, place] of this.#next) {
      if (place.done) continue;
      more = true;
      const pulled = await this.#bus.pull(topic, partition, place.next, 256 * 1024);
      for (const { value } of pulled.records) {
        const decision = value === null ? undefined : decisionOf(this.#codec.decode(value));
        if (decision) this.#waiting.set(eventKey(decision), decision);
      }
      place.next = pulled.next;
      place.done = pulled.next >= pulled.end;
    }
    return more;
  }
}
