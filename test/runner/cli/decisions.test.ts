/**
 * From a CSV to proved decisions, in child processes: import, decide, export, replay, what-if, prove,
 * and what each says when a byte was changed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleBytes, makeBundle, parseBundle } from '../../../operators/model/bundle.js';
import { topics } from '../../../schemas/topics.js';
import { BundleStore } from '../../../runner/bundle-store.js';
import { openBus } from '../../../runner/bus/open.js';
import { openAgain } from '../../../runner/execute-again.js';
import { decideAgain, planOfDecision } from '../../../runner/prove/decide-again.js';
import { controlsInForce } from '../../../runner/prove/controls-in-force.js';
import { fetchEvidence } from '../../../runner/prove/evidence.js';
import { findDecision } from '../../../runner/prove/find-decision.js';
import { RegistryStore } from '../../../runner/registry/registry-store.js';
import { ResidentLookup } from '../../../runner/registry/resident-lookup.js';
import { searchPartition } from '../../../runner/search-partition.js';
import { Cli, jsonLines } from './built-cli.js';

const ROWS = 240;
const BASE_MS = Date.UTC(2018, 3, 1);
const folder = mkdtempSync(join(tmpdir(), 'weir-decisions-'));
const data = join(folder, 'data');
const at = ['--data', data];
const rtdl = ['rtdl', '--features', 'handbook', ...at];
let cli: Cli;

/** Amount of a row, minor units: every tenth is large. */
const amountMinor = (row: number): number => (row % 10 === 9 ? 3_000 + row : 1_000 + row);

function writeFiles(): void {
  const time = (ms: number): string => new Date(ms).toISOString().slice(0, 19);
  const rows = Array.from({ length: ROWS }, (_, row) =>
    [
      row,
      time(BASE_MS + row * 3_600_000),
      row % 7,
      row % 5,
      (amountMinor(row) / 100).toFixed(2),
      row % 12 === 0 ? 1 : 0,
    ].join(','),
  );
  const header = 'TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD';
  // One row that is none: it is reported with its line, and the rest goes on.
  const withBad = [header, ...rows.slice(0, 5), 'x,not a time,1,1,1.00,0', ...rows.slice(5)];
  writeFileSync(join(folder, 'tx.csv'), `${withBad.join('\n')}\n`);
  const labels = rows
    .map((line) => line.split(','))
    .filter((cells) => cells[5] === '1')
    .map(([id, when = '', customer, terminal]) =>
      [time(Date.parse(`${when}Z`) + 7 * 86_400_000), id, when, customer, terminal, 1].join(','),
    );
  writeFileSync(
    join(folder, 'labels.csv'),
    `LABEL_TIME,TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_FRAUD\n${labels.join('\n')}\n`,
  );
}

beforeAll(async () => {
  cli = new Cli();
  writeFiles();
  const root = join(import.meta.dirname, '../../..');
  const imported = await cli.run([
    'import',
    'transactions',
    ...['--file', join(folder, 'tx.csv'), '--labels', join(folder, 'labels.csv')],
    ...['--map', join(root, 'docs/maps/handbook.yaml'), '--features', 'handbook', ...at],
  ]);
  // Exit code 1: it ran, and a row was set aside.
  expect(imported.err).toMatch(/tx\.csv:7: /);
  expect(imported.out).toContain('240 transactions and 20 labels');
  expect(imported.code).toBe(1);
  const decided = await cli.run(['start', ...rtdl, '--until-end', '--no-http']);
  expect(decided.code).toBe(0);
}, 180_000);

afterAll(async () => {
  await cli.endAll();
  rmSync(folder, { recursive: true, force: true });
});

async function exported(): Promise<readonly Record<string, unknown>[]> {
  return jsonLines((await cli.run(['export', 'decisions', '--format', 'jsonl', ...at])).out);
}

describe('decisions of an import', { timeout: 180_000 }, () => {
  it('are exported once each, with the ids of the file and features by name', async () => {
    const rows = await exported();
    expect(rows.map((row) => Number(row['flow_id'])).sort((a, b) => a - b)).toEqual(
      Array.from({ length: ROWS }, (_, row) => row),
    );
    for (const row of rows) {
      const id = Number(row['flow_id']);
      expect(row['account_id']).toBe(String(id % 7));
      expect(row['merchant_id']).toBe(String(id % 5));
      expect(row['TX_AMOUNT']).toBe(amountMinor(id) / 100);
    }
    // Customer 0 pays every 7 hours: its fourth payment is the fourth of its day.
    const fourth = rows.find((row) => row['flow_id'] === '21');
    expect(fourth?.['CUSTOMER_ID_NB_TX_1DAY_WINDOW']).toBe(4);
    const csv = await cli.run(['export', 'decisions', ...at]);
    const [header = '', ...lines] = csv.out.trim().split('\n');
    expect(header).toContain('TERMINAL_ID_RISK_30DAY_WINDOW');
    expect(lines).toHaveLength(ROWS);
  });

  it('a decision is proved at every level, with its evidence and reasons', async () => {
    const rows = await exported();
    const late = rows.find((row) => row['flow_id'] === '230');
    const id = String(late?.['decision_id']);
    const proof = await cli.run(['prove', id, '--level', '3', ...at]);
    expect(proof.out).toContain(`decision  ${id} at fp.bus.rtdl.v1/`);
    expect(proof.out.match(/^ {2}ok {2}/gm)).toHaveLength(4);
    expect(proof.out).toContain('L1 the decide step: equal');
    expect(proof.out).toContain('L2 its features from source events: equal');
    expect(proof.out).toContain('L3 every round up to the deciding one: equal');
    expect(proof.out).toContain('level 3 reached: equal');
    expect(proof.code).toBe(0);
    const none = await cli.run(['prove', 'f'.repeat(32), ...at]);
    expect(none.out).toContain('no decision here has the id');
    expect(none.code).toBe(1);
  });

  it('replay finds every output equal, and rebuild every state', async () => {
    const verified = await cli.run(['replay', ...rtdl, '--verify']);
    expect(verified.out).toContain('equal: every output');
    expect(verified.code).toBe(0);
    const rebuilt = await cli.run(['rebuild', ...rtdl]);
    expect(rebuilt.out).toContain('rebuilt state equals the live one');
    expect(rebuilt.code).toBe(0);
  });

  it('the same policy flips nothing; a lower cap flips the decisions above it, with their money', async () => {
    const policy = readFileSync(join(cli.built, 'runner/assets/default-policy.yaml'), 'utf8');
    const same = join(folder, 'same.yaml');
    writeFileSync(same, policy);
    const nothing = await cli.run(['replay', ...rtdl, '--with', same]);
    expect(nothing.out).toContain('no decision would have been another');
    expect(nothing.code).toBe(0);

    const lower = join(folder, 'lower.yaml');
    writeFileSync(lower, policy.replace('value: 500000', 'value: 2900'));
    const before = await exported();
    const flipped = await cli.run(['replay', ...rtdl, '--with', lower]);
    const above = before.filter((row) => Number(row['amount_minor']) > 2_900);
    expect(above).toHaveLength(ROWS / 10);
    const others = above.filter((row) => row['action'] !== 'QUEUE' && row['action'] !== 'DECLINE');
    expect(others.length).toBeGreaterThan(0);
    expect(flipped.out).toContain(`${others.length} would have been others`);
    const money = others
      .filter((row) => row['action'] === 'APPROVE')
      .reduce((sum, row) => sum + Number(row['amount_minor']), 0);
    const shown = /APPROVE +QUEUE +\d+ +([\d ]+\.\d\d)/.exec(flipped.out)?.[1] ?? '';
    expect(Number(shown.replaceAll(' ', ''))).toBe(money / 100);
    expect(flipped.out).toContain('AMOUNT_OVER_CAP');
    expect(flipped.code).toBe(1);
    // Nothing was written: the decisions made are what they were.
    expect(await exported()).toEqual(before);
  });

  it('another bundle flips what its thresholds say, and a file that is neither is refused', async () => {
    const path = join(cli.built, 'runner/assets/handbook-bundle.json');
    const bundle = parseBundle(readFileSync(path));
    const strict = join(folder, 'strict.json');
    const thresholds = [{ from: 0, action: 'DECLINE' as const }];
    writeFileSync(strict, bundleBytes(makeBundle({ ...bundle, thresholds })));
    const flipped = await cli.run(['replay', ...rtdl, '--with', strict]);
    const before = await exported();
    const approved = before.filter((row) => row['action'] === 'APPROVE').length;
    expect(approved).toBeGreaterThan(0);
    expect(flipped.err + flipped.out).toMatch(new RegExp(`APPROVE +DECLINE +${approved} `));
    const wrong = await cli.run(['replay', ...rtdl, '--with', join(folder, 'tx.csv')]);
    expect(wrong.code).toBe(2);
    expect(wrong.err.trim().split('\n')).toHaveLength(1);
  });

  it('what-if and replay run on a bus that refuses every write', async () => {
    const again = await openAgain(data, 'rtdl', { features: 'handbook' });
    try {
      const record = { topic: topics.policy.name, key: null, value: null, timeMs: BASE_MS };
      await expect(again.bus.append([record])).rejects.toMatchObject({ code: 'READ_ONLY' });
      await expect(again.bus.claim(['rtdl/join/0'], 'me')).rejects.toMatchObject({
        code: 'READ_ONLY',
      });
      await expect(again.bus.meta.put('a', Buffer.from('b'))).rejects.toMatchObject({
        code: 'READ_ONLY',
      });
    } finally {
      await again.close();
    }
  });

  it('a changed decision, snapshot or evidence is found and named', async () => {
    const [row] = await exported();
    const { bus } = await openBus({ dataDir: data, mode: 'read' });
    try {
      const lookup = new ResidentLookup(await RegistryStore.open(bus.meta));
      const search = (asked: Parameters<typeof searchPartition>[1]) => searchPartition(bus, asked);
      const id = String(row?.['decision_id']);
      const found = await findDecision({ bus, lookup, search }, id);
      const plan = found && planOfDecision(found.decision);
      if (!found?.audit || !plan) throw new Error('the decision is gone');
      const { decision, audit } = found;
      const evidence = await fetchEvidence(bus, lookup, found);
      const controls = await controlsInForce(bus, lookup, decision);
      if (!controls.registered) throw new Error('no bundle decided');
      expect(await new BundleStore(data).load(controls.registered.bundle)).toBe(true);
      const differencesOf = (changed: typeof decision) =>
        decideAgain(plan, { decision: changed, evidence, controls }).differences.join('\n');

      expect(differencesOf(decision)).toBe('');
      expect(differencesOf({ ...decision, action: 'DECLINE' })).toContain('action was "DECLINE"');
      const snapshot = decision.snapshot && {
        ...decision.snapshot,
        values: [...decision.snapshot.values],
      };
      snapshot?.values.splice(0, 1, 123_456);
      expect(differencesOf({ ...decision, snapshot })).toContain('snapshot_hash was');
      expect(differencesOf({ ...decision, stamps: { ...decision.stamps, late_ms: 9 } })).toBe('');
      expect(differencesOf({ ...decision, decision_id: 'f'.repeat(32) })).toContain('decision_id');

      const [first, ...more] = audit.evidence;
      if (!first) throw new Error('no evidence');
      const forged = { ...first, payload_hash: Buffer.alloc(32, 7) };
      const checked = await fetchEvidence(bus, lookup, {
        decision,
        audit: { ...audit, evidence: [forged, ...more] },
      });
      expect(checked.flatMap(({ faults }) => faults).join()).toContain(
        'the audit record says 0707',
      );
      const [ref, ...refs] = decision.context_refs;
      if (!ref) throw new Error('no references');
      const moved = { ...ref, origin_offset: { ...ref.origin_offset, offset: '1' } };
      const lost = await fetchEvidence(bus, lookup, {
        decision: { ...decision, context_refs: [moved, ...refs] },
        audit,
      });
      expect(lost.flatMap(({ faults }) => faults).join()).toContain('the decision says');
    } finally {
      await bus.close();
    }
  });

  it('what cannot be executed again says so and ends', async () => {
    const never = await cli.run(['replay', 'ieg', '--verify', ...at]);
    expect(never.err).toContain('has committed no round here');
    expect(never.code).toBe(2);
  });

  it('the identity graph of the run answers from disk', async () => {
    await cli.run(['start', 'ieg', '--until-end', '--no-http', ...at]);
    const found = await cli.run(['graph', 'profile', 'account', '3', ...at]);
    expect(found.code).toBe(0);
    expect(JSON.parse(found.out)).toMatchObject({
      entity: { entity_type: 'account', identifier_value: '3' },
    });
    const nobody = await cli.run(['graph', 'resolve', 'account', '777', ...at]);
    expect(nobody.code).toBe(1);
  });
});
