/**
 * A stream of card transactions of the same shape as the public data set, made by us, for sizes the
 * public ten days do not reach.
 *
 * Customers and terminals lie on a square; a customer pays where he can walk to, as often and as much
 * as he is used to. Three ways to be defrauded: amounts above 220; terminals that are compromised for
 * four weeks; customers whose card leaks for two weeks and is charged five times as much.
 * G1. Exactly `transactions` rows in order of (second, id); the same bytes for the same options.
 * Source for the shape: the README beside the public data (columns, counts, label delay of 7 days).
 */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Random, weighted } from '../world/random.js';
import { microsFormatter } from '../world/utc-micros.js';

export interface LikeHandbookOptions {
  readonly seed: bigint;
  readonly transactions: number;
  /** Default 183. */
  readonly days?: number;
  /** Default 5,000. */
  readonly customers?: number;
  /** Default 10,000. */
  readonly terminals?: number;
}

export interface LikeHandbookRow {
  readonly id: number;
  /** Seconds since 1970. */
  readonly atSeconds: number;
  readonly customer: number;
  readonly terminal: number;
  readonly amountMinor: number;
  /** 0 honest, 1 large amount, 2 compromised terminal, 3 leaked card. */
  readonly scenario: 0 | 1 | 2 | 3;
}

const DAY_SECONDS = 86_400;
const START_SECONDS = Date.UTC(2018, 3, 1) / 1000;
const SIDE = 100;
const REACH = 5;
const LARGE_MINOR = 22_000;
const LABEL_DELAY_SECONDS = 7 * DAY_SECONDS;

interface Customer {
  readonly meanMinor: number;
  readonly rate: number;
  readonly terminals: readonly number[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const pointOf = (random: Random): Point => ({ x: random.unit() * SIDE, y: random.unit() * SIDE });

/** Terminals by cell of the square, so that reach needs no pass over all of them. */
function cells(points: readonly Point[]): (at: Point) => readonly number[] {
  const width = SIDE / REACH;
  const byCell = new Map<number, number[]>();
  points.forEach(({ x, y }, terminal) => {
    const cell = Math.floor(x / REACH) * width + Math.floor(y / REACH);
    const list = byCell.get(cell);
    if (list === undefined) byCell.set(cell, [terminal]);
    else list.push(terminal);
  });
  return (at) => {
    const near: number[] = [];
    const column = Math.floor(at.x / REACH);
    const row = Math.floor(at.y / REACH);
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        if (row + dy < 0 || row + dy >= width) continue;
        for (const terminal of byCell.get((column + dx) * width + row + dy) ?? []) {
          const point = points[terminal] ?? at;
          if ((point.x - at.x) ** 2 + (point.y - at.y) ** 2 < REACH ** 2) near.push(terminal);
        }
      }
    }
    return near;
  };
}

function makeCustomers(seed: bigint, customers: number, terminals: number): readonly Customer[] {
  const random = Random.of(seed, 'like-handbook people');
  const near = cells(Array.from({ length: terminals }, () => pointOf(random)));
  return Array.from({ length: customers }, () => {
    const reachable = near(pointOf(random));
    return {
      meanMinor: random.between(500, 10_000),
      rate: reachable.length === 0 || random.chance(0.002) ? 0 : random.unit() * 4,
      terminals: reachable,
    };
  });
}

export function* likeHandbook(
  options: LikeHandbookOptions,
): Generator<LikeHandbookRow, void, undefined> {
  const { seed, transactions, days = 183, customers = 5000, terminals = 10_000 } = options;
  const people = makeCustomers(seed, customers, terminals);
  const drawCustomer = weighted(people.map(({ rate }) => rate));
  const random = Random.of(seed, 'like-handbook payments');
  const fraud = Random.of(seed, 'like-handbook fraud');
  const badTerminals = new Map<number, number>();
  const leakedCards = new Map<number, number>();
  let id = 0;
  for (let day = 0; day < days; day++) {
    for (let at = 0; at < 2; at++) badTerminals.set(fraud.below(terminals), day + 28);
    for (let at = 0; at < 3; at++) leakedCards.set(fraud.below(customers), day + 14);
    const until = Math.floor((transactions * (day + 1)) / days);
    const drafts = Array.from({ length: until - id }, () => {
      const customer = drawCustomer(random);
      const person = people[customer];
      if (person === undefined) throw new RangeError('a customer outside the people');
      return {
        second: secondOfDay(random),
        customer,
        terminal: random.pick(person.terminals),
        amountMinor: usualAmount(random, person.meanMinor),
      };
    }).sort((left, right) => left.second - right.second);
    for (const { second, customer, terminal, amountMinor } of drafts) {
      const leaked = (leakedCards.get(customer) ?? -1) > day && fraud.chance(1 / 3);
      const amount = leaked ? amountMinor * 5 : amountMinor;
      yield {
        id: id++,
        atSeconds: START_SECONDS + day * DAY_SECONDS + second,
        customer,
        terminal,
        amountMinor: amount,
        scenario: leaked
          ? 3
          : (badTerminals.get(terminal) ?? -1) > day
            ? 2
            : amount > LARGE_MINOR
              ? 1
              : 0,
      };
    }
  }
}

/** Most payments around noon, none outside the day. */
function secondOfDay(random: Random): number {
  for (;;) {
    const second = Math.floor(43_200 + random.normal() * 20_000);
    if (second >= 0 && second < DAY_SECONDS) return second;
  }
}

function usualAmount(random: Random, meanMinor: number): number {
  const amount = Math.round(meanMinor + (random.normal() * meanMinor) / 2);
  return amount > 0 ? amount : random.below(2 * meanMinor);
}

const TRANSACTION_COLUMNS =
  'TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD,TX_FRAUD_SCENARIO';
const LABEL_COLUMNS =
  'LABEL_TIME,TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_FRAUD,TX_FRAUD_SCENARIO';
const CHUNK_CHARACTERS = 256 * 1024;

function moneyText(minor: number): string {
  const cents = String(minor % 100).padStart(2, '0');
  return `${Math.floor(minor / 100)}.${cents}`;
}

function* csvText(rows: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const row of rows) {
    chunk += `${row}\n`;
    if (chunk.length >= CHUNK_CHARACTERS) {
      yield chunk;
      chunk = '';
    }
  }
  yield chunk;
}

function* transactionLines(options: LikeHandbookOptions): Generator<string> {
  const time = microsFormatter();
  yield TRANSACTION_COLUMNS;
  for (const { id, atSeconds, customer, terminal, amountMinor, scenario } of likeHandbook(
    options,
  )) {
    const at = time(atSeconds * 1_000_000).slice(0, 19);
    yield `${id},${at}Z,${customer},${terminal},${moneyText(amountMinor)},${scenario === 0 ? 0 : 1},${scenario}`;
  }
}

function* labelLines(options: LikeHandbookOptions): Generator<string> {
  const time = microsFormatter();
  const labelTime = microsFormatter();
  yield LABEL_COLUMNS;
  for (const { id, atSeconds, customer, terminal, scenario } of likeHandbook(options)) {
    if (scenario === 0) continue;
    const at = time(atSeconds * 1_000_000).slice(0, 19);
    const observed = labelTime((atSeconds + LABEL_DELAY_SECONDS) * 1_000_000).slice(0, 19);
    yield `${observed}Z,${id},${at}Z,${customer},${terminal},1,${scenario}`;
  }
}

export interface LikeHandbookFiles {
  readonly transactions: string;
  readonly labels: string;
}

/** Writes `tx.csv.gz` and `labels.csv.gz`, with the public data's columns, into a folder. */
export async function writeLikeHandbook(
  folder: string,
  options: LikeHandbookOptions,
): Promise<LikeHandbookFiles> {
  await mkdir(folder, { recursive: true });
  const files = { transactions: join(folder, 'tx.csv.gz'), labels: join(folder, 'labels.csv.gz') };
  const write = (lines: Iterable<string>, file: string): Promise<void> =>
    pipeline(Readable.from(csvText(lines)), createGzip({ level: 1 }), createWriteStream(file));
  await write(transactionLines(options), files.transactions);
  await write(labelLines(options), files.labels);
  return files;
}
