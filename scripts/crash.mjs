/**
 * Kills the real runner with -9 at random moments, again and again, and checks that nothing shows.
 *
 *   node scripts/crash.mjs [loaded|live|both] [--kills 50] [--seed 1] [--transactions 20000]
 *                          [--flows 1500] [--dist dist] [--dir DIR] [--keep]
 *
 * loaded: topics are filled first, then `runner start rtdl --until-end` is killed and started again.
 *   Afterwards decisions equal those of an undisturbed run less stamps, and `replay --verify` is clean.
 * live: a feed (a process of its own) appends through the owner's socket while `runner start rtdl ieg`
 *   decides; both are killed together. The feed goes on from what it was told is durable, so that a
 *   batch may come twice. Afterwards every event has one decision, equal or degraded with its reason.
 *
 * A quarter of the kills strike while the process is starting, the others after its first commit.
 * Needs a build (`npm run build`). Exit code 1 when something was lost, doubled or differs.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Child, done } from './child.mjs';
import {
  compareDecisions,
  describe,
  isEqual,
  loadWeir,
  readDecisions,
} from './compare-decisions.mjs';

const FEED = fileURLToPath(new URL('crash-feed.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    transactions: { type: 'string', default: '20000' },
    flows: { type: 'string', default: '1500' },
    dist: { type: 'string', default: join(ROOT, 'dist') },
    dir: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const [what = 'both'] = positionals;
const kills = Number(options.kills);
const dist = resolve(options.dist);
const RUNNER = join(dist, 'runner', 'main.js');
/** Share of kills that strike before the process says it is running. */
const STARTING = 0.25;
/** Kills take this share of the time an undisturbed run takes, so that all of them fit. */
const SHARE = 0.6;
const random = randomOf(Number(options.seed));

/** mulberry32: 32 bits of state are plenty for moments. */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const runner = (...args) => new Child([RUNNER, ...args]);

const say = (line) => process.stdout.write(`${line}\n`);
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** After its first commit, or while it starts; then -9. False when it ended before. */
async function killSomewhere(child, { startingMs, runningMs }) {
  if (random() < STARTING) await Promise.race([sleep(random() * startingMs), child.ended]);
  else {
    await child.said('round committed');
    if (!child.end) await Promise.race([sleep(random() * 2 * runningMs), child.ended]);
  }
  if (child.end) return false;
  child.kill('SIGKILL');
  await child.ended;
  return true;
}

/** (a) */
async function loaded(weir, dir) {
  const { writeLikeHandbook } = await import(
    pathToFileURL(join(dist, 'runner/import/generate-like-handbook.js')).href
  );
  const files = await writeLikeHandbook(join(dir, 'csv'), {
    seed: BigInt(options.seed),
    transactions: Number(options.transactions),
    days: 30,
    customers: 500,
    terminals: 1000,
  });
  const [base, calm, crashed] = ['base', 'calm', 'crashed'].map((name) => join(dir, name));
  await done(
    runner(
      ...['import', 'transactions', '--file', files.transactions, '--labels', files.labels],
      ...['--map', join(ROOT, 'docs/maps/handbook.yaml'), '--features', 'handbook', '--data', base],
    ),
  );
  const start = (data) =>
    runner('start', 'rtdl', '--features', 'handbook', '--until-end', '--no-http', '--data', data);
  cpSync(base, calm, { recursive: true });
  const undisturbed = start(calm);
  await undisturbed.said('running ');
  const startingMs = performance.now() - undisturbed.startMs;
  await done(undisturbed);
  const runMs = performance.now() - undisturbed.startMs - startingMs;
  say(
    `loaded: an undisturbed run takes ${seconds(runMs)} after ${seconds(startingMs)} of starting`,
  );
  const moments = { startingMs, runningMs: (SHARE * runMs) / kills };
  for (let attempt = 1; ; attempt += 1) {
    rmSync(crashed, { recursive: true, force: true });
    cpSync(base, crashed, { recursive: true });
    let struck = 0;
    while (struck < kills) {
      const child = start(crashed);
      if (await killSomewhere(child, moments)) struck += 1;
      else {
        await done(child);
        break;
      }
    }
    if (struck === kills) break;
    say(`loaded: it came to its end after ${struck} kills; once more, with shorter lives`);
    if (attempt === 3) throw new Error(`${kills} kills do not fit; give more --transactions`);
    moments.runningMs /= 4;
  }
  await done(start(crashed));
  say(`loaded: ${kills} kills`);
  const result = compareDecisions(
    await readDecisions(weir, calm),
    await readDecisions(weir, crashed),
  );
  say(describe(result).replaceAll(/^/gm, 'loaded: '));
  const verified = await verify('loaded', 'rtdl', crashed, '--features', 'handbook');
  const complete = result.expected === Number(options.transactions);
  if (!complete)
    say(`loaded: ${result.expected} decisions of ${options.transactions} transactions`);
  return isEqual(result) && verified && complete;
}

async function verify(name, topology, data, ...more) {
  const replay = runner('replay', topology, '--verify', '--data', data, ...more);
  const code = await done(replay, 1);
  const lines = replay.output
    .split('\n')
    .filter((line) => /^(equal|differs|\d.* differences)/.test(line));
  say(lines.map((line) => `${name}: replay of ${topology}: ${line}`).join('\n'));
  return code === 0;
}

/** (b) */
async function live(weir, dir) {
  const [calm, crashed] = ['live-calm', 'live-crashed'].map((name) => join(dir, name));
  const owner = (data, ...more) =>
    runner('start', 'rtdl', 'ieg', '--no-http', '--data', data, ...more);
  const feed = (data) =>
    new Child([
      FEED,
      '--data',
      data,
      '--dist',
      dist,
      '--seed',
      options.seed,
      '--flows',
      options.flows,
    ]);
  const { startingMs, feedingMs } = await fedToTheEnd(owner, feed, calm);
  const runningMs = (SHARE * feedingMs) / kills;
  let struck = 0;
  for (; struck < kills; struck += 1) {
    const deciding = owner(crashed);
    const feeding = random() < STARTING ? null : (await deciding.said('running '), feed(crashed));
    // While it starts, or after the first batch of this life is durable.
    await feeding?.said('fed');
    const ms = feeding ? random() * 2 * runningMs : random() * startingMs;
    await Promise.race([sleep(ms), deciding.ended]);
    if (deciding.end) throw new Error(`the owner ended by itself:\n${deciding.output}`);
    const over = feeding?.end;
    for (const child of [feeding, deciding]) child?.kill('SIGKILL');
    await Promise.all([feeding?.ended, deciding.ended]);
    if (over && over.code !== 0) throw new Error(`the feed failed:\n${feeding.output}`);
  }
  await fedToTheEnd(owner, feed, crashed);
  say(`live: ${struck} kills of ${kills} asked for`);
  const [expected, found] = [await readDecisions(weir, calm), await readDecisions(weir, crashed)];
  const { degradedReason } = weir;
  const result = compareDecisions(expected, found, { otherLog: true, degradedReason });
  say(describe(result).replaceAll(/^/gm, 'live: '));
  const complete = result.expected === 2 * Number(options.flows);
  if (!complete) say(`live: ${result.expected} decisions of ${2 * Number(options.flows)} events`);
  const verified = [];
  for (const name of ['rtdl', 'ieg']) verified.push(await verify('live', name, crashed));
  return isEqual(result) && complete && verified.every(Boolean);
}

/** An owner and a feed until the feed is through, then a start until the end; how long it took, ms. */
async function fedToTheEnd(owner, feed, data) {
  const deciding = owner(data);
  await deciding.said('running ');
  const startingMs = performance.now() - deciding.startMs;
  const feeding = feed(data);
  await feeding.said('fed');
  const startMs = performance.now();
  await done(feeding);
  const feedingMs = performance.now() - startMs;
  deciding.kill('SIGTERM');
  await done(deciding);
  await done(owner(data, '--until-end'));
  return { startingMs, feedingMs };
}

const weir = await loadWeir(dist);
const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'weir-crash-'));
say(`seed ${options.seed}, ${kills} kills, in ${dir}`);
let equal = true;
try {
  if (what === 'loaded' || what === 'both') equal = (await loaded(weir, dir)) && equal;
  if (what === 'live' || what === 'both') equal = (await live(weir, dir)) && equal;
} catch (error) {
  equal = false;
  say(error.message);
} finally {
  Child.endAll();
}
if (!options.keep && equal) rmSync(dir, { recursive: true, force: true });
else say(`left for looking at: ${dir}`);
say(equal ? 'equal: no kill shows' : `something shows, seed ${options.seed}`);
process.exitCode = equal ? 0 : 1;
