/**
 * Checks the counts in Avro bytes before they are decoded.
 *
 * avsc believes the count of an array or map: a corrupt one asks for memory or for hours. This walker
 * knows the writer's schema and refuses any count that could not fit into the bytes left, so hostile
 * bytes cost no more than their length (R6, R7). Types without arrays and maps need no walk and get
 * none. An item that takes no bytes (null, an empty record) is counted as one byte.
 *
 * source: Avro 1.11 specification, "Binary encoding": blocks, negative counts, zig-zag varints.
 */
import avro from 'avsc';

/** Walks one value at `at`; returns where it ends, or -1 when it cannot be a value of the type. */
export type Walk = (bytes: Uint8Array, at: number) => number;

const VARINT_BYTES_MAX = 10;

/** Reads a zig-zag varint; the decoded number goes to `lastVarint`. Returns the end, or -1. */
let lastVarint = 0;
function varint(bytes: Uint8Array, at: number): number {
  let value = 0;
  let scale = 1;
  for (let length = 0; length < VARINT_BYTES_MAX; length += 1) {
    const byte = bytes[at + length];
    if (byte === undefined) return -1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      lastVarint = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      return at + length + 1;
    }
    scale *= 128;
  }
  return -1;
}

const fixedWalk =
  (size: number): Walk =>
  (bytes, at) =>
    at + size <= bytes.length ? at + size : -1;

const prefixedWalk: Walk = (bytes, at) => {
  const start = varint(bytes, at);
  if (start < 0 || lastVarint < 0 || lastVarint > bytes.length - start) return -1;
  return start + lastVarint;
};

/** Blocks of items: a count (negative: a size in bytes follows) and the items, ended by a zero. */
function blocksWalk(item: Walk): Walk {
  return (bytes, start) => {
    let at = start;
    for (;;) {
      at = varint(bytes, at);
      if (at < 0) return -1;
      let count = lastVarint;
      if (count === 0) return at;
      if (count < 0) {
        count = -count;
        at = varint(bytes, at);
        if (at < 0) return -1;
      }
      if (count > bytes.length - at) return -1;
      while (count > 0) {
        at = item(bytes, at);
        if (at < 0) return -1;
        count -= 1;
      }
    }
  };
}

function sequenceWalk(steps: readonly Walk[]): Walk {
  return (bytes, start) => {
    let at = start;
    for (const step of steps) {
      at = step(bytes, at);
      if (at < 0) return -1;
    }
    return at;
  };
}

function unionWalk(branches: readonly Walk[]): Walk {
  return (bytes, start) => {
    const at = varint(bytes, start);
    if (at < 0) return -1;
    const branch = branches[lastVarint];
    return branch === undefined ? -1 : branch(bytes, at);
  };
}

function compile(type: avro.Type, known: Map<avro.Type, Walk>): Walk {
  const ready = known.get(type);
  if (ready !== undefined) return ready;
  // A recursive type meets itself: it gets the walk that will exist once this one is compiled.
  known.set(type, (bytes, at) => (known.get(type) as Walk)(bytes, at));
  const walk = compileNew(type, known);
  known.set(type, walk);
  return walk;
}

function compileNew(type: avro.Type, known: Map<avro.Type, Walk>): Walk {
  const of = (inner: avro.Type): Walk => compile(inner, known);
  if (type instanceof avro.types.RecordType)
    return sequenceWalk(type.fields.map((field) => of(field.type)));
  if (type instanceof avro.types.ArrayType) return blocksWalk(of(type.itemsType));
  if (type instanceof avro.types.MapType)
    return blocksWalk(sequenceWalk([prefixedWalk, of(type.valuesType as avro.Type)]));
  if (
    type instanceof avro.types.WrappedUnionType ||
    type instanceof avro.types.UnwrappedUnionType
  ) {
    return unionWalk((type.types as readonly avro.Type[]).map(of));
  }
  if (type instanceof avro.types.FixedType) return fixedWalk(type.size);
  if (type instanceof avro.types.StringType || type instanceof avro.types.BytesType)
    return prefixedWalk;
  if (type instanceof avro.types.NullType) return fixedWalk(0);
  if (type instanceof avro.types.BooleanType) return fixedWalk(1);
  if (type instanceof avro.types.FloatType) return fixedWalk(4);
  if (type instanceof avro.types.DoubleType) return fixedWalk(8);
  return varint; // int, long, enum
}

function hasBlocks(type: avro.Type, seen: Set<avro.Type>): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  if (type instanceof avro.types.ArrayType || type instanceof avro.types.MapType) return true;
  if (type instanceof avro.types.RecordType)
    return type.fields.some((field) => hasBlocks(field.type, seen));
  if (
    type instanceof avro.types.WrappedUnionType ||
    type instanceof avro.types.UnwrappedUnionType
  ) {
    return (type.types as readonly avro.Type[]).some((branch) => hasBlocks(branch, seen));
  }
  return false;
}

/** The walk of a writer's type, or null when it has neither arrays nor maps. */
export function boundsOf(type: avro.Type): Walk | null {
  return hasBlocks(type, new Set()) ? compile(type, new Map()) : null;
}
