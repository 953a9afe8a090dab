/**
 * Compares the decisions of two data directories: contents, less stamps (ruling 3).
 *
 *   node scripts/compare-decisions.mjs EXPECTED FOUND [--other-log] [--dist dist]
 *
 * Of one log of inputs ids, offsets and contents are equal. With --other-log the same events came in
 * another order or more often: a decision is then known by its traffic event, offsets and what follows
 * from them are left out, and a degraded decision may differ: it says why, and is counted by reason.
 * Exit code 1 when a decision is lost, double, or differs without saying why.
 */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const NAMED_MAX = 10;

/** The parts of a built weir that reading decisions takes. */
export async function loadWeir(dist) {
  const load = (path) => import(pathToFileURL(join(resolve(dist), path)).href);
  const modules = await Promise.all(
    [
      'runner/bus/open.js',
      'runner/bus/marker.js',
      'runner/bus/read-topic.js',
      'runner/observe-rounds.js',
      'runner/registry/registry-store.js',
      'runner/registry/resident-lookup.js',
      'operators/decision/audit.js',
      'schemas/codec.js',
      'schemas/topics.js',
    ].map(load),
  );
  return Object.assign({}, ...modules);
}

/** Every decision of a directory, in the order of its partitions. The directory must have no owner. */
export async function readDecisions(weir, dataDir) {
  const { bus } = await weir.openBus({ dataDir, mode: 'read' });
  try {
    const lookup = new weir.ResidentLookup(await weir.RegistryStore.open(bus.meta));
    const codec = weir.topicCodec(weir.topics.rtdl, lookup);
    const decisions = [];
    for await (const record of weir.readTopic(bus, { topic: weir.topics.rtdl.name })) {
      if (record.value === null || weir.isProgressMarker(record)) continue;
      const decision = weir.decisionOf(codec.decode(record.value));
      if (decision) decisions.push({ ...decision, stamps: weir.EMPTY_STAMPS });
    }
    return decisions;
  } finally {
    await bus.close();
  }
}

/**
 * lost and double: keys of decisions; differing: sentences; degraded: how many said why, by reason.
 * `degradedReason` is only asked with `otherLog`.
 */
export function compareDecisions(expected, found, { otherLog = false, degradedReason } = {}) {
  const keyOf = otherLog ? (one) => one.source_event.event_id : (one) => one.decision_id;
  const contentOf = otherLog ? withoutPlaces : (one) => one;
  const result = { expected: expected.length, found: found.length, equal: 0 };
  const lost = [];
  const double = [];
  const differing = [];
  const degraded = {};
  const byKey = new Map();
  for (const one of found) {
    if (byKey.has(keyOf(one))) double.push(keyOf(one));
    byKey.set(keyOf(one), one);
  }
  for (const one of expected) {
    const other = byKey.get(keyOf(one));
    byKey.delete(keyOf(one));
    if (!other) {
      lost.push(keyOf(one));
      continue;
    }
    const where = firstDifference(contentOf(one), contentOf(other), '');
    if (where === undefined) {
      result.equal += 1;
      continue;
    }
    const reason = otherLog ? (degradedReason(other) ?? degradedReason(one)) : undefined;
    if (reason === undefined) differing.push(`${keyOf(one)} differs at ${where}`);
    else degraded[reason] = (degraded[reason] ?? 0) + 1;
  }
  return { ...result, lost, double, unexpected: [...byKey.keys()], differing, degraded };
}

export const isEqual = (result) =>
  [result.lost, result.double, result.unexpected, result.differing].every(
    (some) => some.length === 0,
  );

/** Ruling 3: what depends on where records stand, and ids made of it. */
function withoutPlaces(decision) {
  const { decision_id, event_id, ...rest } = decision;
  return {
    ...rest,
    source_event: { ...rest.source_event, origin_offset: null },
    context_refs: rest.context_refs.map((ref) => ({ ...ref, origin_offset: null })),
    // How the ladder came to a mode is the history of a process; the mode and its mask are compared.
    degrade_posture: { ...rest.degrade_posture, reason: null },
  };
}

/** The first place where two values differ, with both, or undefined. */
function firstDifference(one, other, path) {
  if (Object.is(one, other)) return undefined;
  const both = [one, other].every((side) => typeof side === 'object' && side !== null);
  if (!both) return `${path || 'the value'}: ${shown(one)} and ${shown(other)}`;
  if (Buffer.isBuffer(one) || Buffer.isBuffer(other)) {
    return Buffer.compare(one, other) === 0 ? undefined : `${path}: other bytes`;
  }
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const found = firstDifference(one[name], other[name], path === '' ? name : `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

const shown = (value) =>
  (typeof value === 'bigint' ? `${value}` : (JSON.stringify(value) ?? 'nothing')).slice(0, 80);

export function describe(result) {
  const lines = [
    `${result.expected} expected, ${result.found} found, ${result.equal} equal, ` +
      `${result.lost.length} lost, ${result.double.length} double, ` +
      `${result.unexpected.length} unexpected, ${result.differing.length} differing`,
  ];
  for (const [reason, count] of Object.entries(result.degraded)) {
    lines.push(`${count} degraded: ${reason}`);
  }
  for (const [what, some] of Object.entries({
    lost: result.lost,
    double: result.double,
    unexpected: result.unexpected,
    '': result.differing,
  })) {
    for (const one of some.slice(0, NAMED_MAX)) lines.push(`  ${what} ${one}`.trimEnd());
  }
  return lines.join('\n');
}

if (process.argv[1] && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      dist: { type: 'string', default: 'dist' },
      'other-log': { type: 'boolean', default: false },
    },
  });
  const [expected, found] = positionals;
  if (expected === undefined || found === undefined) {
    console.error('Give two data directories: the one expected and the one found.');
    process.exit(2);
  }
  const weir = await loadWeir(values.dist);
  const result = compareDecisions(
    await readDecisions(weir, expected),
    await readDecisions(weir, found),
    { otherLog: values['other-log'], degradedReason: weir.degradedReason },
  );
  console.log(describe(result));
  process.exitCode = isEqual(result) ? 0 : 1;
}
