/**
 * Recomputes every feature of a handbook stream by brute force and compares it with exported decisions.
 *
 *   node scripts/check-handbook.mjs TX.csv[.gz] LABELS.csv[.gz] DECISIONS.csv
 *
 * Shares no code with weir: plain arrays, every window scanned anew for every transaction. Exit 1 when
 * anything differs. Meaning of the features: data/handbook README of the stream.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';

const [txFile, labelFile, decisionFile] = process.argv.slice(2);
if (!decisionFile) {
  console.error('usage: node scripts/check-handbook.mjs TX.csv[.gz] LABELS.csv[.gz] DECISIONS.csv');
  process.exit(2);
}
const rows = (file) => {
  const bytes = readFileSync(file);
  return parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes, { columns: true });
};
const seconds = (text) => Date.parse(text) / 1000;
const DAY = 86_400;
const DELAY = 7 * DAY;

const transactions = rows(txFile).map((row, order) => ({
  id: row.TRANSACTION_ID,
  order,
  at: seconds(row.TX_DATETIME),
  customer: row.CUSTOMER_ID,
  terminal: row.TERMINAL_ID,
  cents: Math.round(Number(row.TX_AMOUNT) * 100),
  text: row.TX_DATETIME,
}));
const labelledAt = new Map();
for (const row of rows(labelFile)) {
  if (row.TX_FRAUD === '1') labelledAt.set(row.TRANSACTION_ID, seconds(row.LABEL_TIME));
}

const group = (key) => {
  const groups = new Map();
  for (const one of transactions) {
    const list = groups.get(one[key]) ?? [];
    list.push(one);
    groups.set(one[key], list);
  }
  return groups;
};
const customers = group('customer');
const terminals = group('terminal');

const expected = (one) => {
  const date = new Date(one.at * 1000);
  const found = {
    TX_DURING_WEEKEND: [0, 6].includes(date.getUTCDay()) ? 1 : 0,
    TX_DURING_NIGHT: date.getUTCHours() <= 6 ? 1 : 0,
  };
  for (const days of [1, 7, 30]) {
    const own = customers
      .get(one.customer)
      .filter((other) => other.at > one.at - days * DAY && other.order <= one.order);
    const cents = own.reduce((sum, other) => sum + other.cents, 0);
    found[`CUSTOMER_ID_NB_TX_${days}DAY_WINDOW`] = own.length;
    found[`CUSTOMER_ID_AVG_AMOUNT_${days}DAY_WINDOW`] = cents / 100 / own.length;
    const there = terminals
      .get(one.terminal)
      .filter((other) => other.at > one.at - DELAY - days * DAY && other.at <= one.at - DELAY);
    const frauds = there.filter((other) => (labelledAt.get(other.id) ?? Infinity) <= one.at);
    found[`TERMINAL_ID_NB_TX_${days}DAY_WINDOW`] = there.length;
    found[`TERMINAL_ID_RISK_${days}DAY_WINDOW`] =
      there.length === 0 ? 0 : frauds.length / there.length;
  }
  return found;
};

const decisions = new Map();
let twice = 0;
for (const row of rows(decisionFile)) {
  if (decisions.has(row.flow_id)) twice += 1;
  decisions.set(row.flow_id, row);
}

let compared = 0;
let differing = 0;
for (const one of transactions) {
  const decision = decisions.get(one.id);
  if (!decision) {
    differing += 1;
    if (differing <= 10) console.log(`transaction ${one.id} was not decided`);
    continue;
  }
  for (const [name, value] of Object.entries(expected(one))) {
    compared += 1;
    const given = decision[name];
    const close = Math.abs(Number(given) - value) <= 1e-9 * Math.max(1, Math.abs(value));
    if (given !== '' && given !== undefined && close) continue;
    differing += 1;
    if (differing <= 10) {
      console.log(`transaction ${one.id}: ${name} is ${given || 'missing'}, expected ${value}`);
    }
  }
}
console.log(
  `${transactions.length} transactions, ${decisions.size} decisions, ${twice} double, ${compared} features compared, ${differing} differences`,
);
process.exit(differing + twice > 0 || decisions.size !== transactions.length ? 1 : 0);
