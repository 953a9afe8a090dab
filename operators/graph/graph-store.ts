/**
 * The graph's store and the bytes of its rows.
 *
 * state: rows of graph-row.ts; about 50 bytes per neighbour, at most 64 neighbours a row; `keysMax`
 * rows, beyond it STORE_FULL. Layout: flags (1 node, 2 split, 4 truncated); topic names; the node; the
 * entries. A sighting is {f64 tsMicros, topic number, partition, offset as two varints}.
 */
import { ENTITY_TYPES, type EntityType } from '../../schemas/ids.js';
import { ByteReader, ByteWriter } from '../../state/byte-writer.js';
import type { Codec, KeyedStoreSpec } from '../../state/port.js';
import type { Sighting } from './graph-edges.js';
import { compareSightings } from './graph-row.js';
import type { GraphEntry, GraphNode, GraphRow } from './graph-row.js';

const HAS_NODE = 1;
const IS_SPLIT = 2;
const IS_TRUNCATED = 4;
/** Set beside an entry's slot when it was seen once: `last` is not written. */
const SEEN_ONCE = 128;
const WORD = 1n << 32n;

const writer = new ByteWriter();

const writeText = (text: string): void => {
  const bytes = Buffer.from(text, 'utf8');
  writer.varint(bytes.length);
  writer.raw(bytes);
};

const readText = (reader: ByteReader): string => reader.raw(reader.varint()).toString('utf8');

const topicsOf = ({ node, entries }: GraphRow): readonly string[] => {
  const names = new Set<string>();
  if (node !== null) names.add(node.first.topic).add(node.last.topic);
  for (const { first, last } of entries) names.add(first.topic).add(last.topic);
  return [...names].sort();
};

const writeSighting = (at: Sighting, topics: readonly string[]): void => {
  writer.double(at.tsMicros);
  writer.varint(topics.indexOf(at.topic));
  writer.varint(at.partition);
  writer.varint(Number(at.offset / WORD));
  writer.varint(Number(at.offset % WORD));
};

const readSighting = (reader: ByteReader, topics: readonly string[]): Sighting => {
  const tsMicros = reader.double();
  const topic = topics[reader.varint()] ?? '';
  const partition = reader.varint();
  const high = BigInt(reader.varint());
  return { tsMicros, topic, partition, offset: high * WORD + BigInt(reader.varint()) };
};

const readType = (reader: ByteReader): EntityType => ENTITY_TYPES[reader.byte()] ?? 'flow';

const writeNode = (node: GraphNode, topics: readonly string[]): void => {
  writer.byte(ENTITY_TYPES.indexOf(node.type));
  writeText(node.value);
  writeSighting(node.first, topics);
  writeSighting(node.last, topics);
  writer.varint(node.degrees.length);
  for (const degree of node.degrees) writer.varint(degree);
};

const readNode = (reader: ByteReader, topics: readonly string[], truncated: boolean): GraphNode => {
  const type = readType(reader);
  const value = readText(reader);
  const first = readSighting(reader, topics);
  const last = readSighting(reader, topics);
  const degrees = Array.from({ length: reader.varint() }, () => reader.varint());
  return { type, value, first, last, degrees, truncated };
};

const writeEntry = (entry: GraphEntry, topics: readonly string[]): void => {
  const once = compareSightings(entry.first, entry.last) === 0;
  writer.byte(entry.slot | (once ? SEEN_ONCE : 0));
  writer.byte(ENTITY_TYPES.indexOf(entry.type));
  writeText(entry.value);
  writeSighting(entry.first, topics);
  if (!once) writeSighting(entry.last, topics);
};

const readEntry = (reader: ByteReader, topics: readonly string[]): GraphEntry => {
  const head = reader.byte();
  const type = readType(reader);
  const value = readText(reader);
  const first = readSighting(reader, topics);
  const last = (head & SEEN_ONCE) === 0 ? readSighting(reader, topics) : first;
  return { slot: head & ~SEEN_ONCE, type, value, first, last };
};

export const graphRowCodec: Codec<GraphRow> = {
  encode: (row) => {
    const { node, split, entries } = row;
    const truncated = node?.truncated ?? false;
    writer.byte(
      (node === null ? 0 : HAS_NODE) | (split ? IS_SPLIT : 0) | (truncated ? IS_TRUNCATED : 0),
    );
    const topics = topicsOf(row);
    writer.varint(topics.length);
    for (const topic of topics) writeText(topic);
    if (node !== null) writeNode(node, topics);
    writer.varint(entries.length);
    for (const entry of entries) writeEntry(entry, topics);
    return writer.take();
  },
  decode: (bytes) => {
    const reader = new ByteReader(bytes);
    const flags = reader.byte();
    const topics = Array.from({ length: reader.varint() }, () => readText(reader));
    const truncated = (flags & IS_TRUNCATED) !== 0;
    const node = (flags & HAS_NODE) === 0 ? null : readNode(reader, topics, truncated);
    const entries = Array.from({ length: reader.varint() }, () => readEntry(reader, topics));
    return { node, split: (flags & IS_SPLIT) !== 0, entries };
  },
};

/** A store for the graph; `keysMax` counts entities and overflow rows of one task. */
export const graphStore = (keysMax: number): KeyedStoreSpec<GraphRow> => ({
  kind: 'keyed',
  codec: graphRowCodec,
  version: 1,
  keysMax,
});
