/**
 * Features of a flow computed the slow, obvious way, for judging the world only: what a model of the
 * decision loop could see (velocity per entity, distinct counts), never the truth.
 */
import type { Flow } from '../../../runner/world/flow.js';

const HOUR = 3_600_000_000;

/** Events of one entity, oldest first; asked at non-falling times. */
class History {
  private readonly at: number[] = [];
  private readonly other: string[] = [];

  add(atMicros: number, other: string): void {
    this.at.push(atMicros);
    this.other.push(other);
  }

  count(sinceMicros: number): number {
    let found = 0;
    for (let index = this.at.length - 1; index >= 0 && (this.at[index] ?? 0) > sinceMicros; index--)
      found++;
    return found;
  }

  distinct(sinceMicros: number): number {
    const seen = new Set<string>();
    for (
      let index = this.at.length - 1;
      index >= 0 && (this.at[index] ?? 0) > sinceMicros;
      index--
    ) {
      seen.add(this.other[index] ?? '');
    }
    return seen.size;
  }
}

class Histories {
  private readonly byKey = new Map<string, History>();

  of(key: string): History {
    let history = this.byKey.get(key);
    if (history === undefined) {
      history = new History();
      this.byKey.set(key, history);
    }
    return history;
  }
}

/** One row per flow: log2(1 + count) of velocities and distinct entities, the flow itself included. */
export function naiveFeatures(flows: readonly Flow[]): readonly (readonly number[])[] {
  const account = new Histories();
  const device = new Histories();
  const ip = new Histories();
  const merchant = new Histories();
  const cards = new Histories();
  const devices = new Histories();
  const damp = (count: number): number => Math.log2(1 + count);
  return flows.map((flow) => {
    const t = flow.atMicros;
    account.of(flow.accountId).add(t, flow.merchant.id);
    device.of(flow.deviceId).add(t, flow.accountId);
    ip.of(flow.ipId).add(t, flow.deviceId);
    merchant.of(flow.merchant.id).add(t, flow.deviceId);
    cards.of(flow.accountId).add(t, flow.instrumentId);
    devices.of(flow.accountId).add(t, flow.deviceId);
    return [
      damp(account.of(flow.accountId).count(t - HOUR)),
      damp(account.of(flow.accountId).count(t - 24 * HOUR)),
      damp(account.of(flow.accountId).count(t - 168 * HOUR)),
      damp(device.of(flow.deviceId).count(t - HOUR)),
      damp(device.of(flow.deviceId).count(t - 24 * HOUR)),
      damp(device.of(flow.deviceId).distinct(t - 168 * HOUR)),
      damp(ip.of(flow.ipId).count(t - 24 * HOUR)),
      damp(merchant.of(flow.merchant.id).count(t - HOUR)),
      damp(cards.of(flow.accountId).distinct(t - 168 * HOUR)),
      damp(devices.of(flow.accountId).distinct(t - 168 * HOUR)),
      damp(ip.of(flow.ipId).distinct(t - 168 * HOUR)),
      damp(flow.amountMinor),
    ];
  });
}

/** Area under the ROC curve by ranks, ties shared. */
export function areaUnderCurve(scores: readonly number[], truth: readonly boolean[]): number {
  const order = scores.map((_, at) => at).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let rankSum = 0;
  let positives = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0]) to++;
    const rank = (from + 1 + to) / 2;
    for (let at = from; at < to; at++) {
      if (truth[order[at] ?? 0] === true) {
        rankSum += rank;
        positives++;
      }
    }
    from = to;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (scores.length - positives));
}

/** Logistic regression by plain gradient descent on standardised columns; answers a scorer. */
export function fitLogistic(
  rows: readonly (readonly number[])[],
  truth: readonly boolean[],
): (row: readonly number[]) => number {
  const width = rows[0]?.length ?? 0;
  const columns = Array.from({ length: width }, (_, at) => rows.map((row) => row[at] ?? 0));
  const mean = columns.map((column) => column.reduce((a, b) => a + b, 0) / column.length);
  const spread = columns.map((column, at) => {
    const centre = mean[at] ?? 0;
    return Math.sqrt(column.reduce((sum, x) => sum + (x - centre) ** 2, 0) / column.length) || 1;
  });
  const scaled = rows.map((row) => row.map((x, at) => (x - (mean[at] ?? 0)) / (spread[at] ?? 1)));
  const positives = truth.filter(Boolean).length;
  const balance = (truth.length - positives) / positives;
  const weights = new Array<number>(width + 1).fill(0);
  for (let step = 0; step < 150; step++) {
    const gradient = new Array<number>(width + 1).fill(0);
    scaled.forEach((row, at) => {
      let sum = weights[width] ?? 0;
      for (let c = 0; c < width; c++) sum += (weights[c] ?? 0) * (row[c] ?? 0);
      const error =
        (1 / (1 + Math.exp(-sum)) - (truth[at] === true ? 1 : 0)) *
        (truth[at] === true ? balance : 1);
      for (let c = 0; c < width; c++) gradient[c] = (gradient[c] ?? 0) + error * (row[c] ?? 0);
      gradient[width] = (gradient[width] ?? 0) + error;
    });
    for (let c = 0; c <= width; c++)
      weights[c] = (weights[c] ?? 0) - (0.5 * (gradient[c] ?? 0)) / truth.length;
  }
  return (row) => {
    let sum = 0;
    for (let c = 0; c < width; c++)
      sum += ((weights[c] ?? 0) * ((row[c] ?? 0) - (mean[c] ?? 0))) / (spread[c] ?? 1);
    return sum;
  };
}
