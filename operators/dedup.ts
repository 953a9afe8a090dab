/**
 * dedup: lets the first record of an id through and absorbs its repetitions.
 * in: any signal. out: at most one, unchanged, in order. state: 24 bytes per id in a guard store,
 * kept for its `keepMs` of record time or until its bound. time: the record's position. fails:
 * PAYLOAD_HASH_MISMATCH when a known id comes with another payload; the first one stands. crash: none.
 * source: spec/platform.md 1.10, scenarios 15, 16, 63.
 */
import { hash } from 'node:crypto';
import type { OperatorFunction } from 'rxjs';
import { DivertError } from '../schemas/errors.js';
import { joinScope } from './scope.js';
import { lift } from './lift.js';
import type { Signal } from './signal.js';
import type { Guard } from './wiring.js';

export interface DedupOptions<T> {
  /** What makes two records the same, within a run. */
  readonly id: (value: T) => string;
  /** Hash or canonical text of the payload, to tell a repetition from a conflict. Default: none. */
  readonly payload?: (value: T) => string;
  readonly in: Guard;
}

const NO_PAYLOAD = Buffer.alloc(32);

export const dedup = <T>(options: DedupOptions<T>): OperatorFunction<Signal<T>, Signal<T>> =>
  lift<T, T>({
    name: 'dedup',
    stores: [options.in],
    settings: `${options.id.toString()} ${options.payload?.toString() ?? ''}`,
    onRecord: ({ run, value, at }, tools) => {
      const id = options.id(value);
      const payload = options.payload
        ? hash('sha256', options.payload(value), 'buffer')
        : NO_PAYLOAD;
      const digest = hash('sha256', Buffer.from(joinScope(run, id), 'latin1'), 'buffer');
      const verdict = options.in.guard.admit(digest, payload, at.timeMs);
      switch (verdict) {
        case 'new':
          tools.pass();
          tools.emit(value);
          return;
        case 'same':
          tools.absorb('duplicate');
          return;
        case 'other':
          throw new DivertError(
            'PAYLOAD_HASH_MISMATCH',
            `Id ${id} came again with another payload; the first one stands.`,
          );
      }
    },
  });
