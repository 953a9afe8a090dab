/**
 * Every error and reason code weir puts on a wire, with what happens and what it means.
 * Source of the quarantine schema's vocabulary and of docs/codes.md; a test holds the three equal.
 */
export type Disposition = 'divert' | 'retry' | 'halt';

interface CodeEntry {
  readonly disposition: Disposition;
  /** One line for people: what happened and how to mend it. */
  readonly meaning: string;
}

const code = (disposition: Disposition, meaning: string): CodeEntry => ({ disposition, meaning });

export const CODES = {
  USAGE: code('halt', 'The command or declaration is wrong; the message says how to mend it.'),
  STEP_FAILED: code('divert', 'An operator threw on this record; the cause is in the message.'),
  DECODE_FAILED: code('divert', 'The bytes do not decode with the schema their id names.'),
  ENCODE_FAILED: code('divert', 'A value does not fit its schema; the message names the field.'),
  SCHEMA_UNKNOWN: code('divert', 'The record names a schema id the registry does not have.'),
  ENVELOPE_INVALID: code(
    'divert',
    'The envelope breaks its contract; the message names the field.',
  ),
  PINS_MISSING: code('divert', 'A pin its class requires is missing; the message names it.'),
  PINS_MISMATCH: code('divert', 'The payload names other pins than its envelope.'),
  SCHEMA_POLICY_MISSING: code('divert', 'No policy knows this event type; it is never guessed.'),
  SCHEMA_VERSION_REQUIRED: code('divert', 'The envelope states no schema_version.'),
  SCHEMA_VERSION_NOT_ALLOWED: code('divert', 'The schema_version is not the one allowed (v1).'),
  SCHEMA_FAIL: code('divert', 'The payload breaks its schema; the message names the field.'),
  PARTITION_KEY_MISSING: code('divert', 'Nothing the partition key could be made of is there.'),
  AMOUNT_RANGE: code('divert', 'The amount is no number whose minor units are below 2^53.'),
  WRONG_PARTITION: code(
    'divert',
    'The key belongs to another partition; the producer places keys differently.',
  ),
  PAYLOAD_HASH_MISMATCH: code(
    'divert',
    'An id seen before came again with another payload; the first one stands.',
  ),
  STORE_FULL: code(
    'divert',
    'The store holds its maximum of keys; raise keysMax or shorten what is kept.',
  ),
  FANOUT_EXCEEDED: code(
    'divert',
    'One record gave rise to more others than a round may hold; look for a rekey that multiplies.',
  ),
  SUM_OVERFLOW: code('divert', 'A window sum left the range of exact integers (2^52 minor units).'),
  LATE_BEYOND_SCAN: code(
    'divert',
    'A window reaches entries that are no longer kept or lie too far back to find; its feature is null.',
  ),
  WINDOW_TRUNCATED: code(
    'divert',
    'The entity outgrew its bytes; windows cover only its newest entries.',
  ),
  POISON: code(
    'divert',
    'The record ended the process three times and was skipped by a named person.',
  ),
  UNBALANCED: code('halt', 'An operator lost or invented a record; its counts do not add up.'),
  BLOB_CORRUPT: code('halt', 'A round blob does not match its digest.'),
  HEADER_CORRUPT: code('halt', 'A round header does not match the chain of headers before it.'),
  BATCH_CORRUPT: code('halt', 'A stored batch does not match its checksum.'),
  CHECKPOINT_FOREIGN: code(
    'halt',
    'The checkpoint belongs to another state or lies ahead of the round log.',
  ),
  STATE_FORMAT: code(
    'halt',
    'Stored state was written in a format this build does not read; restore or rebuild.',
  ),
  STATE_FAILED: code(
    'halt',
    'The state of a task cannot be opened, read or written; the message names its folder. Mend the disk.',
  ),
  STATE_MISUSE: code(
    'halt',
    'The engine drove a task state out of order; this is a defect of weir.',
  ),
  SOURCE_TRUNCATED: code(
    'halt',
    'The next offset to read is gone from the topic; restore from a snapshot.',
  ),
  SOURCE_REWOUND: code(
    'halt',
    'The topic ends before the offset already processed; it was recreated.',
  ),
  STATE_LOST: code(
    'halt',
    'The state and the blobs to restore it are both gone; execute the task again with `runner rebuild`.',
  ),
  POISON_FOUND: code(
    'halt',
    'A record ended the process repeatedly; release it with `runner skip TASK POSITION`.',
  ),
  RANGES_DISAGREE: code(
    'halt',
    'Tasks that read one source together stand at different offsets; the round log was changed.',
  ),
  ROUND_FENCED: code('halt', 'Another process claimed this task; this one stopped writing.'),
  TOPIC_MISMATCH: code('halt', 'The topic exists with other settings than the topology declares.'),
  BUS_CLOSED: code('halt', 'The bus was closed while it was in use.'),
  BUS_FAILED: code(
    'halt',
    'The bus could not make a write durable; nothing after it was accepted. Mend the disk, start again.',
  ),
  BUS_BUSY: code('retry', 'More bytes wait to be written than the bus holds; send again later.'),
  ROUND_GAP: code('halt', 'A round does not follow the last committed round of its task.'),
  OWNER_GONE: code(
    'retry',
    'The process that owns the data directory stopped answering; run the command again.',
  ),
  READ_ONLY: code('halt', 'The bus was opened for reading; nothing may be written through it.'),
  TOPIC_UNKNOWN: code('halt', 'The topic or partition does not exist on this bus.'),
  REGISTRY_REFUSED: code(
    'halt',
    'The schema registry refused the request; the message names subject, field and rule.',
  ),
  REGISTRY_UNREACHABLE: code('retry', 'The schema registry did not answer; it is asked again.'),
  PAGE_TOKEN_STALE: code(
    'halt',
    'The graph moved on since this page token was given; start again from the first page.',
  ),
  BUNDLE_INVALID: code(
    'divert',
    'A model bundle does not say what a bundle must say, or its bytes do not match its sha256.',
  ),
  POLICY_INVALID: code(
    'divert',
    'A policy document does not say what a policy must say; the message names the path.',
  ),
  IMPORT_FAILED: code(
    'retry',
    'The thread of an import stopped before its end; run the import again, it goes on where it was.',
  ),
  MODEL_IMPORT_FAILED: code(
    'halt',
    'A model file of LightGBM or XGBoost uses something weir does not score; the message names it.',
  ),
  MODEL_NOT_LOADED: code(
    'halt',
    'A batch names a bundle the model pool does not hold; load it first.',
  ),
  EVENT_TIME_JUMP: code(
    'divert',
    'The event time is over 24 h ahead of its run and of its record; mend the producer clock.',
  ),
  ROLE_CONFLICT: code(
    'divert',
    'A join frame already has another event in this role; the first one stands.',
  ),
  JOIN_KEY_CONFLICT: code('divert', 'Two flows claim one join frame; the first one stands.'),
  FLOW_BINDING_CONFLICT: code(
    'divert',
    'An anchor binds a flow that is bound to another join frame; the first binding stands.',
  ),
  FEATURE_SET_INVALID: code(
    'divert',
    'A feature set does not say what it must say; the message names the path.',
  ),
  LABEL_FROM_FUTURE: code(
    'divert',
    'A label was observed later than its record and than every event of its run; mend its clock.',
  ),
  FEATURE_SET_UNKNOWN: code(
    'divert',
    'The feature set asked for is not among those alive; all its features are null.',
  ),
  FEATURE_WARMING: code(
    'divert',
    'The feature set came to a run under way and its window is not full yet; the feature is null.',
  ),
  NO_PREVIOUS_EVENT: code(
    'divert',
    'The entity has no earlier event in the window; last and since_last are null.',
  ),
  EMPTY_WINDOW: code('divert', 'No event lies in the window; mean, min and max are null.'),
} as const satisfies Record<string, CodeEntry>;

export type Code = keyof typeof CODES;
