/**
 * A random but repeatable life of a task state, and a plain model of what it must hold.
 *
 * The model shares no code with state/: Maps, filters and sorts. Round `seq` of a seed does the same
 * steps whenever it is executed, so a life with crashes can be compared with one without.
 */
import { expect } from 'vitest';

import type { SealedBlob, StoreSpec, TaskState } from '../../state/port.js';
import { guardStore, keyedStore, ttlStore } from '../../state/store.js';
import { seededRandom, type Random } from './random.js';

export interface Plain {
  readonly text: string;
}

export interface Seen {
  readonly atMs: number;
  readonly note: number;
}

export const PLAIN = 0;
export const SEEN = 1;
export const GUARD = 2;
export const KEEP_MS = 3_000_000;
export const ROUND_MS = 400_000;

export function scriptStores(): readonly StoreSpec[] {
  return [
    keyedStore<Plain>({ keysMax: 10_000 }),
    ttlStore<Seen>({ keepMs: KEEP_MS, keysMax: 10_000 }),
    guardStore({ keepMs: KEEP_MS, keysMax: 10_000 }),
  ];
}

/** What the state must hold after a round. */
export interface Model {
  clockMs: number;
  readonly plain: Map<string, string>;
  readonly seen: Map<string, Seen>;
  /** Payload number by id number. */
  readonly ids: Map<number, number>;
  readonly timers: Map<string, { dueMs: number; setter: string }>;
}

export function emptyModel(): Model {
  return { clockMs: 0, plain: new Map(), seen: new Map(), ids: new Map(), timers: new Map() };
}

export function copyModel(model: Model): Model {
  return {
    clockMs: model.clockMs,
    plain: new Map(model.plain),
    seen: new Map(model.seen),
    ids: new Map(model.ids),
    timers: new Map(model.timers),
  };
}

function bytesOf(value: number, size: number): Uint8Array {
  const bytes = Buffer.alloc(size, value % 251);
  bytes.writeUInt32LE(Math.imul(value + 1, 2_654_435_761) >>> 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}

/** Runs one round against state and model; every read is compared. */
export function runRound(state: TaskState, model: Model, seed: number, seq: number): SealedBlob {
  const random = seededRandom(seed * 7919 + seq);
  model.clockMs = seq * ROUND_MS;
  state.clockMs = model.clockMs;
  const records = random.whole(30);
  for (let record = 0; record < records; record += 1) {
    const before = copyModel(model);
    state.mark();
    const steps = 1 + random.whole(5);
    for (let at = 0; at < steps; at += 1) step(state, model, random, `${seq}.${record}.${at}`);
    if (random.once(4)) {
      state.rollback();
      Object.assign(model, before);
    } else {
      state.release();
    }
  }
  expectTimers(state, model);
  return state.seal(seq);
}

function step(state: TaskState, model: Model, random: Random, label: string): void {
  const key = `run/${'k'.repeat(random.whole(3))}${random.whole(60)}`;
  const plain = state.keyed<Plain>(PLAIN);
  const seen = state.keyed<Seen>(SEEN);
  switch (random.whole(7)) {
    case 0:
    case 1: {
      const text = label.repeat(1 + random.whole(20));
      plain.put(key, { text });
      model.plain.set(key, text);
      return;
    }
    case 2:
      plain.delete(key);
      model.plain.delete(key);
      return;
    case 3: {
      const value = { atMs: model.clockMs - random.whole(KEEP_MS), note: random.whole(100) };
      seen.put(key, value);
      model.seen.set(key, value);
      return;
    }
    case 4:
      seen.delete(key);
      model.seen.delete(key);
      return;
    case 5: {
      const id = random.whole(400);
      const payload = random.whole(2);
      const known = model.ids.get(id);
      const verdict = state.guard(GUARD).admit(bytesOf(id, 32), bytesOf(payload, 8), 1000);
      expect(verdict).toBe(known === undefined ? 'new' : known === payload ? 'same' : 'other');
      if (known === undefined) model.ids.set(id, payload);
      return;
    }
    default: {
      const dueMs = random.once(3) ? null : model.clockMs + random.whole(50);
      const timer = `${random.whole(3)}`.padStart(2, '0') + key;
      state.setTimer(Number(timer.slice(0, 2)), key, dueMs, label);
      if (dueMs === null) model.timers.delete(timer);
      else model.timers.set(timer, { dueMs, setter: label });
      expectRead(state, model, key);
    }
  }
}

function expectRead(state: TaskState, model: Model, key: string): void {
  expect(state.keyed<Plain>(PLAIN).get(key)?.text).toBe(model.plain.get(key));
  const seen = model.seen.get(key);
  const live = seen !== undefined && seen.atMs + KEEP_MS > model.clockMs;
  expect(state.keyed<Seen>(SEEN).get(key)).toEqual(live ? seen : undefined);
}

function expectTimers(state: TaskState, model: Model): void {
  const due = [...model.timers].map(([id, { dueMs, setter }]) => ({ id, dueMs, setter }));
  due.sort((a, b) => a.dueMs - b.dueMs || (a.setter < b.setter ? -1 : 1));
  expect(state.nextTimer()?.dueMs).toBe(due[0]?.dueMs);
  expect(state.nextTimer()?.setter).toBe(due[0]?.setter);
}

/** Compares everything the model holds. */
export function expectModel(state: TaskState, model: Model): void {
  for (let at = 0; at < 60; at += 1) {
    for (const stem of ['', 'k', 'kk']) expectRead(state, model, `run/${stem}${at}`);
  }
  for (const [id, timer] of model.timers) {
    expect(state.timerOf(Number(id.slice(0, 2)), id.slice(2))).toMatchObject(timer);
  }
  expectTimers(state, model);
  const keys = state.sizes().keys;
  expect(keys[PLAIN]).toBe(model.plain.size);
  expect(keys[GUARD]).toBe(model.ids.size);
}
