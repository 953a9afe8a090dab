import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../runner/metric-names.js';
import { Metrics } from '../../runner/metrics.js';

const value = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};

const round = { topology: 'rtdl', stage: 'join', seconds: 0.02, commitSeconds: 0.004, records: {} };

describe('metrics', () => {
  it('a round moves exactly the counters it names', async () => {
    const metrics = new Metrics({ processDefaults: false });
    metrics.observeRound({
      ...round,
      records: { traffic: 10, arrivals: 5 },
      cacheHits: 30,
      cacheMisses: 2,
      quarantined: { DECODE_FAILED: 1 },
      decisions: { APPROVE: 8, DECLINE: 1 },
      degraded: { 'FEATURES_MISSING:device': 2 },
      latenciesMs: Float64Array.of(4, 40, 1400),
    });
    metrics.observeRound({ ...round, records: { traffic: 1 } });
    const text = await metrics.text();
    expect(value(text, 'weir_rounds_total{topology="rtdl",stage="join"}')).toBe(2);
    const records = 'weir_records_total{topology="rtdl",stage="join",source="traffic"}';
    expect(value(text, records)).toBe(11);
    expect(value(text, 'weir_cache_hits_total{topology="rtdl"}')).toBe(30);
    expect(value(text, 'weir_cache_misses_total{topology="rtdl"}')).toBe(2);
    expect(value(text, 'weir_quarantined_total{topology="rtdl",code="DECODE_FAILED"}')).toBe(1);
    expect(value(text, 'weir_decisions_total{topology="rtdl",action="APPROVE"}')).toBe(8);
    const degraded = 'weir_degraded_total{topology="rtdl",reason="FEATURES_MISSING:device"}';
    expect(value(text, degraded)).toBe(2);
    const place = 'topology="rtdl",stage="join"';
    expect(value(text, `weir_commit_seconds_bucket{le="0.0025",${place}}`)).toBe(0);
    expect(value(text, `weir_commit_seconds_bucket{le="0.005",${place}}`)).toBe(2);
    expect(value(text, `weir_round_seconds_count{${place}}`)).toBe(2);
    const latency = 'weir_decision_latency_seconds';
    expect(value(text, `${latency}_count{topology="rtdl"}`)).toBe(3);
    expect(value(text, `${latency}_sum{topology="rtdl"}`)).toBeCloseTo(1.444);
    expect(value(text, `${latency}_bucket{le="1.2",topology="rtdl"}`)).toBe(2);
  });

  it('levels are what was said last', async () => {
    const metrics = new Metrics({ processDefaults: false });
    const lag = [{ topic: 'fp.bus.traffic.fraud.v1', partition: 3, records: 12 }];
    metrics.observeLevels({ topology: 'rtdl', lag, stateKeys: { held: 5 }, joinWaiting: 4 });
    metrics.observeLevels({ topology: 'rtdl', joinWaiting: 0 });
    metrics.observePool(6);
    const text = await metrics.text();
    const series = 'topology="rtdl",topic="fp.bus.traffic.fraud.v1",partition="3"';
    expect(value(text, `weir_lag_records{${series}}`)).toBe(12);
    expect(value(text, 'weir_state_keys{topology="rtdl",store="held"}')).toBe(5);
    expect(value(text, 'weir_join_waiting{topology="rtdl"}')).toBe(0);
    expect(value(text, 'weir_pool_queue')).toBe(6);
  });

  it('M2: the 101st value of a label is counted as other', async () => {
    const metrics = new Metrics({ processDefaults: false });
    for (let at = 0; at < 150; at += 1)
      metrics.observeRound({ ...round, degraded: { [`R${at}`]: 1 } });
    const text = await metrics.text();
    expect(value(text, 'weir_degraded_total{topology="rtdl",reason="R99"}')).toBe(1);
    expect(value(text, 'weir_degraded_total{topology="rtdl",reason="R100"}')).toBeUndefined();
    expect(value(text, 'weir_degraded_total{topology="rtdl",reason="other"}')).toBe(50);
  });

  it('two objects in one process share nothing, and process metrics come on request', async () => {
    const [first, second] = [new Metrics(), new Metrics({ processDefaults: false })];
    first.observePool(3);
    expect(value(await second.text(), 'weir_pool_queue')).toBe(0);
    expect(await first.text()).toContain('process_cpu_seconds_total');
    expect(await second.text()).not.toContain('process_cpu_seconds_total');
  });

  it('names follow Prometheus: weir_ first, _total on counters alone, base units', () => {
    for (const [name, { kind, labels }] of Object.entries(METRICS)) {
      expect(name).toMatch(/^weir_[a-z_]+$/);
      expect(name.endsWith('_total'), name).toBe(kind === 'counter');
      if (kind === 'histogram') expect(name).toMatch(/_seconds$/);
      expect(new Set(labels).size).toBe(labels.length);
    }
  });

  it('docs/metrics.md lists exactly these metrics, with their kinds, labels and meanings', () => {
    const doc = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    const rows = doc
      .split('\n')
      .filter((line) => line.startsWith('| `weir_'))
      .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
    const documented = rows.map(([, name, kind, labels, help]) => ({ name, kind, labels, help }));
    const declared = Object.entries(METRICS).map(([name, { kind, labels, help }]) => ({
      name,
      kind,
      labels: labels.join(', '),
      help,
    }));
    expect(documented).toEqual(declared);
  });
});
