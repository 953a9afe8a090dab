/**
 * What-if: the recorded rounds executed again with another policy or bundle in force, on a bus that is
 * only read, and the decisions that would have been others.
 *
 * in: a data directory and what to put in the place of every policy or registry record of its kind.
 * out: flips by action, their number and money, the first of them. Decisions are paired by the traffic
 * event they are about: with another bundle a decision has another id.
 * bound: what is held is the disorder between then and now, not the history.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { parseBundle, type Bundle } from '../operators/model/bundle.js';
import { topicCodec } from '../schemas/codec.js';
import { UsageError, WeirError } from '../schemas/errors.js';
import type { Policy } from '../schemas/generated/policy.js';
import type { BundleFile, RegistryRecord } from '../schemas/generated/registry-record.js';
import type { DecisionResponse } from '../schemas/generated/rtdl-record.js';
import { sha256Hex } from '../schemas/sha256.js';
import { topics } from '../schemas/topics.js';
import { DecisionsThen } from './decisions-then.js';
import type { ReplayedRound } from './engine/replay.js';
import { openAgain } from './execute-again.js';
import { decisionOf } from './observe-rounds.js';
import { compatibilityOf, policyRecord } from './opening.js';
import type { OffsetRange } from './verify.js';

export interface Flip {
  /** Of the decision that was made. */
  readonly decisionId: string;
  readonly eventId: string;
  readonly flowId: string;
  readonly from: DecisionResponse['action'];
  readonly to: DecisionResponse['action'];
  readonly amountMinor: number;
  readonly scoreThen: number | null;
  readonly scoreNow: number | null;
  /** Reasons of the decision that would have been made. */
  readonly reasons: readonly string[];
}

export interface FlipSum {
  readonly from: string;
  readonly to: string;
  readonly count: number;
  /** Minor units. */
  readonly amountMinor: bigint;
}

export interface WhatIf {
  /** What was put in place, in words. */
  readonly what: string;
  readonly rounds: number;
  /** Decisions compared, and those of them whose action is the same. */
  readonly compared: number;
  readonly same: number;
  /** Same action, another score. */
  readonly rescored: number;
  readonly flips: readonly FlipSum[];
  readonly flipped: number;
  /** At most FIRST_MAX, in order. */
  readonly first: readonly Flip[];
  /** Events decided only then, or only now. */
  readonly onlyThen: number;
  readonly onlyNow: number;
}

export interface WhatIfOptions {
  readonly dataDir: string;
  readonly name: string;
  readonly features?: string;
  /** A policy document, or a bundle, by its path. */
  readonly with: string;
  /** Compares only decisions about traffic events in these ranges. */
  readonly ranges?: readonly OffsetRange[];
  readonly onRound?: (round: ReplayedRound) => void;
}

export const FIRST_MAX = 20;

/** Puts a candidate into the place of the records of its kind, and counts them. */
interface Candidate {
  readonly what: string;
  readonly source: 'policy' | 'registry';
  readonly bundle?: BundleFile;
  replace(value: unknown): unknown;
}

export async function whatIf(options: WhatIfOptions): Promise<WhatIf> {
  const candidate = await readCandidate(options.with);
  let replaced = 0;
  const again = await openAgain(options.dataDir, options.name, {
    ...(options.features === undefined ? {} : { features: options.features }),
    ...(candidate.bundle === undefined ? {} : { bundle: candidate.bundle }),
    annotate: (source, value) => {
      if (source !== candidate.source) return value;
      const put = candidate.replace(value);
      if (put === value) return value;
      replaced += 1;
      return put;
    },
  });
  try {
    const then = new DecisionsThen(again.bus, topicCodec(topics.rtdl, again.lookup));
    const sums = new Comparison(options.ranges);
    let rounds = 0;
    for await (const round of again.replay.rounds()) {
      rounds += 1;
      for (const { record, value } of round.outputs) {
        const now = record.topic === topics.rtdl.name ? decisionOf(value) : undefined;
        if (now) sums.add(await then.of(now), now);
      }
      options.onRound?.(round);
    }
    if (replaced === 0) {
      throw new UsageError(
        `No ${candidate.source} record here has the place of ${options.with}; nothing would have been different.`,
      );
    }
    for await (const left of then.rest()) sums.add(left, undefined);
    return sums.result({ what: candidate.what, rounds });
  } finally {
    await again.close();
  }
}

async function readCandidate(path: string): Promise<Candidate> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch {
    throw new UsageError(`--with is "${path}"; there is no such file to read.`);
  }
  try {
    const document: unknown = parse(bytes.toString('utf8'));
    const isBundle = typeof document === 'object' && document !== null && 'bundle_id' in document;
    return isBundle ? bundleCandidate(path, bytes) : policyCandidate(bytes.toString('utf8'));
  } catch (error) {
    if (error instanceof WeirError) throw new UsageError(`${path}: ${error.message}`);
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new UsageError(`${path} is neither a policy nor a bundle: ${why}`, { cause: error });
  }
}

function policyCandidate(document: string): Candidate {
  const { policy_id, revision, content, content_digest } = policyRecord(document, 0);
  return {
    what: `policy ${policy_id} revision ${revision} (${content_digest.slice(0, 12)})`,
    source: 'policy',
    replace: (value) => {
      const record = value as Policy;
      if (record.policy_id !== policy_id) return value;
      return { ...record, revision, content, content_digest };
    },
  };
}

function bundleCandidate(path: string, bytes: Buffer): Candidate {
  const bundle: Bundle = parseBundle(bytes);
  const file: BundleFile = { sha256: sha256Hex(bytes), location: resolve(path) };
  const compatibility = compatibilityOf(bundle);
  return {
    what: `bundle ${bundle.bundle_id} version ${bundle.bundle_version} (${file.sha256.slice(0, 12)})`,
    source: 'registry',
    bundle: file,
    replace: (value) => {
      const record = value as RegistryRecord;
      if (record.safe_fallback) return value;
      const { bundle_id, bundle_version } = bundle;
      return {
        ...record,
        bundle_ref: { ...record.bundle_ref, bundle_id, bundle_version },
        bundle: file,
        compatibility,
        loaded: true,
      };
    },
  };
}

class Comparison {
  readonly #ranges: readonly OffsetRange[] | undefined;
  readonly #flips = new Map<string, { count: number; amountMinor: bigint }>();
  readonly #first: Flip[] = [];
  #compared = 0;
  #same = 0;
  #rescored = 0;
  #onlyThen = 0;
  #onlyNow = 0;

  constructor(ranges: readonly OffsetRange[] | undefined) {
    this.#ranges = ranges;
  }

  add(then: DecisionResponse | undefined, now: DecisionResponse | undefined): void {
    const one = then ?? now;
    if (!one || !this.#asked(one)) return;
    if (!then || !now) {
      if (then) this.#onlyThen += 1;
      else this.#onlyNow += 1;
      return;
    }
    this.#compared += 1;
    if (then.action === now.action) {
      this.#same += 1;
      if (then.score !== now.score) this.#rescored += 1;
      return;
    }
    const amountMinor = now.subject.amount_minor;
    const kind = `${then.action} ${now.action}`;
    const sum = this.#flips.get(kind) ?? { count: 0, amountMinor: 0n };
    sum.count += 1;
    sum.amountMinor += BigInt(amountMinor);
    this.#flips.set(kind, sum);
    if (this.#first.length >= FIRST_MAX) return;
    this.#first.push({
      decisionId: then.decision_id,
      eventId: then.source_event.event_id,
      flowId: then.subject.flow_id,
      from: then.action,
      to: now.action,
      amountMinor,
      scoreThen: then.score,
      scoreNow: now.score,
      reasons: now.reason_codes,
    });
  }

  result(about: Pick<WhatIf, 'what' | 'rounds'>): WhatIf {
    const flips = [...this.#flips]
      .map(([kind, sum]) => {
        const [from = '', to = ''] = kind.split(' ');
        return { from, to, ...sum };
      })
      .sort((a, b) => b.count - a.count);
    return {
      ...about,
      compared: this.#compared,
      same: this.#same,
      rescored: this.#rescored,
      flips,
      flipped: this.#compared - this.#same,
      first: this.#first,
      onlyThen: this.#onlyThen,
      onlyNow: this.#onlyNow,
    };
  }

  #asked({ source_event: { origin_offset: at } }: DecisionResponse): boolean {
    if (!this.#ranges) return true;
    const offset = BigInt(at.offset);
    return this.#ranges.some(
      ({ topic, partition, from, to }) =>
        topic === at.topic && partition === at.partition && offset >= from && offset < to,
    );
  }
}
