/**
 * `runner world make`: a world as files, one per engine output and one for the labels.
 *
 * out: `<output id>.jsonl.gz` with the canonical payload text of each row in order of its time,
 * `labels.jsonl.gz`, and `manifest.json` naming the options, pins, and sha256 and rows of each file.
 * The same options give the same bytes (the compressed ones too, on one zlib version; the manifest
 * carries the sha256 of the text as well, which does not depend on it).
 * M1. The manifest is written last, so a folder that has one is complete.
 * fails: UsageError when the folder already holds a manifest of another world.
 */
import { createHash, type Hash } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';
import { canonicalText } from '../../schemas/canonical.js';
import { UsageError } from '../../schemas/errors.js';
import type { LabelAssertion, Pins } from '../../schemas/generated/label-assertion.js';
import { EngineOutputs, type OutputId } from './engine-output.js';
import { worldSteps } from './feed.js';
import { labelAssertion } from './label.js';
import { GENERATOR_VERSION, worldPins } from './world-records.js';
import { makeWorld, type World, type WorldOptions } from './world.js';

export interface WorldMakeOptions extends WorldOptions {
  /** Folder to write to; created when missing. */
  readonly out: string;
  /** Default: from the world's first second. */
  readonly platformRunId?: string;
  /** Called about every 10,000 flows. */
  readonly progress?: (flows: number) => void;
  readonly signal?: AbortSignal;
}

export interface WorldFile {
  readonly file: string;
  readonly rows: number;
  /** sha256 hex of the file, and of the text inside it. */
  readonly sha256: string;
  readonly textSha256: string;
}

export interface WorldManifest {
  readonly generator: string;
  readonly options: {
    readonly seed: string;
    readonly days: number;
    readonly flows: number;
    readonly startMs: number;
    readonly fraudShare: number;
    readonly merchants: number;
    readonly parties: number;
  };
  readonly pins: Pins;
  readonly files: readonly WorldFile[];
}

const PROGRESS_FLOWS = 10_000;
const CHUNK_CHARACTERS = 256 * 1024;

type Files = Readonly<Record<OutputId | 'labels', LineFile>>;

/** One gzip file: lines in, digests out. Text is gathered into chunks; a full pipe makes `write` wait. */
class LineFile {
  private readonly name: string;
  private readonly gzip: Gzip;
  private readonly file: WriteStream;
  private readonly done: Promise<void>;
  private readonly text: Hash = createHash('sha256');
  private readonly bytes: Hash = createHash('sha256');
  private chunk = '';
  private rows = 0;

  constructor(folder: string, name: string) {
    this.name = `${name}.jsonl.gz`;
    this.gzip = createGzip({ level: 6 });
    this.file = createWriteStream(join(folder, this.name));
    this.gzip.on('data', (bytes: Buffer) => this.bytes.update(bytes));
    this.gzip.on('error', (cause: Error) => this.file.destroy(cause));
    this.done = finished(this.gzip.pipe(this.file));
    // Awaited in `end`; a failure before that must not count as unhandled.
    this.done.catch(() => undefined);
  }

  /** Waits only when a chunk is full and the disk is behind. */
  write(line: string): Promise<void> | undefined {
    this.rows++;
    this.chunk += `${line}\n`;
    return this.chunk.length >= CHUNK_CHARACTERS ? this.drain() : undefined;
  }

  abandon(): void {
    this.gzip.destroy();
    this.file.destroy();
  }

  private async drain(): Promise<void> {
    const { chunk } = this;
    this.chunk = '';
    this.text.update(chunk);
    if (!this.gzip.write(chunk)) {
      await Promise.race([new Promise((resolve) => this.gzip.once('drain', resolve)), this.done]);
    }
  }

  async end(): Promise<WorldFile> {
    await this.drain();
    this.gzip.end();
    await this.done;
    return {
      file: this.name,
      rows: this.rows,
      sha256: this.bytes.digest('hex'),
      textSha256: this.text.digest('hex'),
    };
  }
}

export async function worldMake(options: WorldMakeOptions): Promise<WorldManifest> {
  const { out, progress, signal } = options;
  const world = makeWorld(options);
  const pins = worldPins(world, options.platformRunId);
  await mkdir(out, { recursive: true });
  await refuseForeign(out, pins);
  await rm(join(out, 'manifest.json'), { force: true });
  const outputs = new EngineOutputs(pins);
  const file: Files = {
    arrival_events_5B: new LineFile(out, 'arrival_events_5B'),
    s1_arrival_entities_6B: new LineFile(out, 's1_arrival_entities_6B'),
    s3_flow_anchor_with_fraud_6B: new LineFile(out, 's3_flow_anchor_with_fraud_6B'),
    s3_event_stream_with_fraud_6B: new LineFile(out, 's3_event_stream_with_fraud_6B'),
    labels: new LineFile(out, 'labels'),
  };
  let files: readonly WorldFile[];
  try {
    await writeSteps(world, outputs, { file, pins, progress, signal });
    files = await Promise.all(Object.values(file).map((target) => target.end()));
  } catch (cause) {
    for (const target of Object.values(file)) target.abandon();
    throw cause;
  }
  const { seed, ...rest } = world.options;
  const manifest: WorldManifest = {
    generator: GENERATOR_VERSION,
    options: { ...rest, seed: String(seed) },
    pins,
    files,
  };
  await writeFile(join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

interface Writing {
  readonly file: Files;
  readonly pins: Pins;
  readonly progress: WorldMakeOptions['progress'];
  readonly signal: AbortSignal | undefined;
}

async function writeSteps(world: World, outputs: EngineOutputs, writing: Writing): Promise<void> {
  const { file, pins, progress, signal } = writing;
  const utcText = (micros: number): string => outputs.utcText(micros);
  let flows = 0;
  for (const step of worldSteps(world)) {
    switch (step.kind) {
      case 'context':
        await file.arrival_events_5B.write(outputs.arrival(step.flow));
        await file.s1_arrival_entities_6B.write(outputs.entities(step.flow));
        await file.s3_flow_anchor_with_fraud_6B.write(outputs.anchor(step.flow));
        flows++;
        if (flows % PROGRESS_FLOWS === 0) {
          signal?.throwIfAborted();
          progress?.(flows);
        }
        break;
      case 'traffic':
        await file.s3_event_stream_with_fraud_6B.write(outputs.traffic(step.flow, step.event));
        break;
      case 'label': {
        const eventId = outputs.eventId('s3_event_stream_with_fraud_6B', step.flow.flowId, 0);
        const label = labelAssertion({ ...step.label, eventId }, pins, utcText);
        await file.labels.write(labelLine(label, utcText));
        break;
      }
    }
  }
}

/** A LabelAssertion as the platform's JSON: times as text, seed as digits. */
function labelLine(label: LabelAssertion, utcText: (micros: number) => string): string {
  return canonicalText({
    label_assertion_id: label.label_assertion_id,
    case_timeline_event_id: label.case_timeline_event_id,
    label_subject_key: { ...label.label_subject_key },
    pins: { ...label.pins, seed: BigInt(label.pins.seed) },
    label_type: label.label_type,
    label_value: label.label_value,
    effective_time: utcText(label.effective_time_micros),
    observed_time: utcText(label.observed_time_micros),
    source_type: label.source_type,
    actor_id: label.actor_id,
    evidence_refs: label.evidence_refs.map(({ ref_type, ref_id }) => ({ ref_type, ref_id })),
    payload_hash: label.payload_hash,
  });
}

async function refuseForeign(out: string, pins: Pins): Promise<void> {
  let text: string;
  try {
    text = await readFile(join(out, 'manifest.json'), 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return;
    throw cause;
  }
  if (!text.includes(pins.manifest_fingerprint)) {
    throw new UsageError(`${out} holds another world; name an empty folder or remove it first`);
  }
}
