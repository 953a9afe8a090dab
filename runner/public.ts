/**
 * What the package exports: declaring topologies, operators for them, testing and running them.
 * Everything else is weir's own and may change without notice.
 */
export { topic, type Topic, type TopicOptions } from '../schemas/topic.js';
export { topics } from '../schemas/topics.js';
export {
  DivertError,
  HaltError,
  RetryError,
  UsageError,
  WeirError,
  type WeirErrorOptions,
} from '../schemas/errors.js';
export { CODES, type Code, type Disposition } from '../schemas/codes.js';
export {
  guardStore,
  keyedStore,
  ttlStore,
  type KeyedStoreOptions,
  type Timed,
  type TtlStoreOptions,
} from '../state/store.js';
export type { Codec, GuardStoreSpec, KeyedStoreSpec, StoreSpec } from '../state/port.js';
export { border, type BorderOptions } from '../operators/border.js';
export { count, type Counted } from '../operators/count.js';
export { dedup, type DedupOptions } from '../operators/dedup.js';
export { filter } from '../operators/filter.js';
export { flatMap } from '../operators/flat-map.js';
export { joinWait, type Held, type Joined, type JoinWaitOptions } from '../operators/join-wait.js';
export {
  keyed,
  type KeyedAnswer,
  type KeyedEvent,
  type KeyedOptions,
  type KeyedStep,
} from '../operators/keyed.js';
export { also, lift, type LiftOptions, type Tools } from '../operators/lift.js';
export { map } from '../operators/map.js';
export { merge } from '../operators/merge.js';
export { rekey, type RekeyOptions } from '../operators/rekey.js';
export type { Position, Signal } from '../operators/signal.js';
export { to } from '../operators/to.js';
export type { Guard, Keyed, Sink, Stream } from '../operators/wiring.js';
export { drawMermaid, drawText } from '../topologies/drawing.js';
export {
  source,
  topology,
  type SourceOptions,
  type Topology,
  type TopologyOptions,
} from '../topologies/topology.js';
export {
  drive,
  reordered,
  withDuplicates,
  type Driver,
  type DriverInput,
  type DriverOptions,
  type Emitted,
} from './driver.js';
