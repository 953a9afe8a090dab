/** World files: same options same bytes, another seed other bytes, a manifest that proves them. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { worldMake } from '../../../runner/world/make.js';
import { UsageError } from '../../../schemas/errors.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-world-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const small = { days: 4, flows: 1500, seed: 21n };

describe('worldMake', () => {
  it('writes the same bytes for the same seed and other bytes for another one', async () => {
    const first = await worldMake({ ...small, out: join(folder, 'a') });
    const second = await worldMake({ ...small, out: join(folder, 'b') });
    const other = await worldMake({ ...small, seed: 22n, out: join(folder, 'c') });
    expect(second).toEqual(first);
    expect(await readFile(join(folder, 'b', 'manifest.json'))).toEqual(
      await readFile(join(folder, 'a', 'manifest.json')),
    );
    first.files.forEach((file, at) => {
      expect(other.files[at]?.textSha256).not.toBe(file.textSha256);
    });
  });

  it('names every file with its true rows and digests', async () => {
    const manifest = await worldMake({ ...small, out: join(folder, 'd') });
    expect(manifest.files.map(({ file }) => file)).toEqual([
      'arrival_events_5B.jsonl.gz',
      's1_arrival_entities_6B.jsonl.gz',
      's3_flow_anchor_with_fraud_6B.jsonl.gz',
      's3_event_stream_with_fraud_6B.jsonl.gz',
      'labels.jsonl.gz',
    ]);
    for (const { file, rows, sha256, textSha256 } of manifest.files) {
      const bytes = await readFile(join(folder, 'd', file));
      const text = gunzipSync(bytes);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      expect(createHash('sha256').update(text).digest('hex')).toBe(textSha256);
      const lines = text.toString('utf8').split('\n');
      expect(lines.pop()).toBe('');
      expect(lines).toHaveLength(rows);
      for (const line of lines) expect(typeof JSON.parse(line)).toBe('object');
    }
    expect(manifest.files.map(({ rows }) => rows).slice(0, 4)).toEqual([1500, 1500, 1500, 3000]);
  });

  it('refuses a folder that holds another world and leaves it alone', async () => {
    const out = join(folder, 'e');
    await worldMake({ ...small, out });
    const before = await readFile(join(out, 'manifest.json'));
    await expect(worldMake({ ...small, seed: 99n, out })).rejects.toThrow(UsageError);
    expect(await readFile(join(out, 'manifest.json'))).toEqual(before);
  });

  it('leaves no manifest when it is stopped half way (M1)', async () => {
    const out = join(folder, 'f');
    const stop = new AbortController();
    const making = worldMake({
      ...small,
      flows: 30_000,
      out,
      signal: stop.signal,
      progress: () => {
        stop.abort();
      },
    });
    await expect(making).rejects.toThrow();
    expect(existsSync(join(out, 'manifest.json'))).toBe(false);
  });
});
