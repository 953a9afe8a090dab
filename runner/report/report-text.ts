/**
 * A `RunReport` as lines for a person: what came in, what was decided, how well, how fast, and whether
 * it adds up.
 */
import { grouped, table } from '../cli/terminal.js';
import type { ActionCount, Ranks } from './judge.js';
import type { Quantiles } from './quantiles.js';
import type { RunReport } from './run-report.js';
import type { Balance } from './traffic-ledger.js';

export interface ReportTextOptions {
  /** Latency to show instead of that of the topics, with what it was measured from and to. */
  readonly latency?: { readonly quantiles: Quantiles | null; readonly what: string };
}

const ACTIONS = ['APPROVE', 'STEP_UP', 'QUEUE', 'DECLINE'];
const INDENT = ' '.repeat(14);
const TOPIC_LATENCY = 'append of the traffic record to append of its decision';

export function reportText(report: RunReport, options: ReportTextOptions = {}): string {
  const { latency } = options;
  return [
    entry('records in', recordsText(report.recordsIn)),
    entry('decisions', actionsText(report.decisions, report.byAction)),
    entry('degraded', countsText(report.degraded)),
    entry('quarantined', countsText(report.quarantined)),
    entry(
      'latency',
      latency
        ? latencyText(latency.quantiles, latency.what)
        : latencyText(report.latency, TOPIC_LATENCY),
    ),
    entry('late', `${grouped(report.late)} decided after their deadline`),
    entry('ranking', ranksText(report.ranks)),
    entry('balance', balanceText(report.balance)),
  ].join('\n');
}

/** A name on the left, its lines beside it. */
export const entry = (name: string, text: string): string =>
  name.padEnd(INDENT.length) + text.split('\n').join(`\n${INDENT}`);

function recordsText(counts: ReadonlyMap<string, number>): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const parts = [...counts].map(([name, count]) => `${grouped(count)} ${name}`);
  return `${grouped(total)}: ${parts.join(', ')}`;
}

function actionsText(decisions: number, byAction: ReadonlyMap<string, ActionCount>): string {
  if (decisions === 0) return 'none';
  const names = [...ACTIONS, ...byAction.keys()].filter(
    (name, at, all) => byAction.has(name) && all.indexOf(name) === at,
  );
  const rows = names.map((name) => {
    const { decisions: count, fraudulent } = byAction.get(name) ?? { decisions: 0, fraudulent: 0 };
    return [name, count, percent(count / decisions), `${percent(fraudulent / count)} fraudulent`];
  });
  return `${grouped(decisions)}\n${table(rows)}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1).padStart(5)} %`;

function countsText(counts: ReadonlyMap<string, number>): string {
  if (counts.size === 0) return 'none';
  const rows = [...counts].sort(([, left], [, right]) => right - left);
  const total = rows.reduce((sum, [, count]) => sum + count, 0);
  return `${grouped(total)}\n${table(rows.map(([name, count]) => [count, name]))}`;
}

function latencyText(latency: Quantiles | null, what: string): string {
  if (latency === null) return 'not measured: on a clock of records nobody waited';
  const { p50, p95, p99, max } = latency;
  const ms = (value: number): string => `${grouped(value)} ms`;
  return `p50 ${ms(p50)}, p95 ${ms(p95)}, p99 ${ms(p99)}, most ${ms(max)} (${what})`;
}

function ranksText(ranks: Ranks | null): string {
  if (ranks === null) return 'not judged: no scores, or no truth to compare with';
  const { area, averagePrecision, amountArea, scored, fraudulent, truth } = ranks;
  return (
    `AUC ${area.toFixed(3)}, average precision ${averagePrecision.toFixed(3)}; amount alone AUC ${amountArea.toFixed(3)}\n` +
    `over ${grouped(scored)} scored decisions, ${grouped(fraudulent)} of them fraudulent by ${truth === 'labels' ? 'their labels' : 'fraud_flag'}`
  );
}

function balanceText(balance: Balance): string {
  const { trafficIn, decided, waiting, quarantined, duplicates } = balance;
  const wrong = [
    ...(balance.unaccounted > 0 ? [`${grouped(balance.unaccounted)} unaccounted for`] : []),
    ...(balance.decidedTwice > 0
      ? [`${grouped(balance.decidedTwice)} decided more than once`]
      : []),
  ];
  return (
    `${grouped(trafficIn)} traffic in = ${grouped(decided)} decided + ${grouped(waiting)} waiting + ` +
    `${grouped(quarantined)} quarantined + ${grouped(duplicates)} duplicates: ` +
    (balance.holds ? 'OK' : `NOT OK, ${wrong.join(', ')}`)
  );
}
