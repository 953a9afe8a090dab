/**
 * When and how the tasks of a group checkpoint (G3).
 *
 * bound: what is logged but not yet in LevelDB, over all tasks; at the bound a checkpoint starts beside
 * the rounds, at twice the bound rounds wait for it. Blobs behind a checkpoint are forgotten.
 */
import type { Bus } from '../bus/port.js';
import type { Task } from './task.js';

export interface LoggedMax {
  readonly entries: number;
  readonly bytes: number;
}

export const LOGGED_MAX: LoggedMax = { entries: 65_536, bytes: 32 * 1024 * 1024 };
/** Rows looked at per task and checkpoint. */
const SWEEP_KEYS = 5000;
/** Sizes are summed only every so many rounds. */
const WEIGH_EVERY = 8;

export class Checkpointer {
  readonly #bus: Bus;
  readonly #tasks: readonly Task[];
  readonly #most: LoggedMax;
  readonly #onError: (error: unknown) => void;
  #running: Promise<void> | undefined;

  constructor(
    bus: Bus,
    tasks: readonly Task[],
    options: { readonly most: LoggedMax; readonly onError: (error: unknown) => void },
  ) {
    this.#bus = bus;
    this.#tasks = tasks;
    this.#most = options.most;
    this.#onError = options.onError;
  }

  /** After a round: starts one when due; resolves late only when rounds must wait. */
  async after(round: number): Promise<void> {
    if (round % WEIGH_EVERY !== 0) return;
    const { entries, bytes } = this.#weigh();
    if (entries < this.#most.entries && bytes < this.#most.bytes) return;
    this.#running ??= this.#all()
      .catch(this.#onError)
      .finally(() => {
        this.#running = undefined;
      });
    if (entries >= 2 * this.#most.entries || bytes >= 2 * this.#most.bytes) await this.#running;
  }

  /** Brings every checkpoint up to its task's last durable round. */
  async now(): Promise<void> {
    await this.#running;
    await this.#all();
  }

  /** Waits for one that runs beside the rounds. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #weigh(): LoggedMax {
    let entries = 0;
    let bytes = 0;
    for (const task of this.#tasks) {
      const sizes = task.state.sizes();
      entries += sizes.loggedEntries;
      bytes += sizes.loggedBytes;
    }
    return { entries, bytes };
  }

  async #all(): Promise<void> {
    for (const task of this.#tasks) {
      const through = await task.state.checkpoint();
      if (through > 0) await this.#bus.purgeBlobs(task.id, through);
      // What expired leaves the disk here: between rounds, in no digest.
      await task.state.sweep(SWEEP_KEYS);
    }
  }
}
