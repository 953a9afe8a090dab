/**
 * Holds a topology between two rounds while somebody reads its state.
 *
 * Z1. Nobody reads while a round is stepped, and no round begins while somebody reads.
 * Z2. Readers never wait for each other.
 */
export class Pause {
  #readers = 0;
  #stepping = false;
  #waiting: (() => void)[] = [];

  /** Runs one step when nobody reads. */
  async step<T>(work: () => Promise<T>): Promise<T> {
    while (this.#readers > 0) await this.#changed();
    this.#stepping = true;
    try {
      return await work();
    } finally {
      this.#stepping = false;
      this.#tell();
    }
  }

  /** Resolves between two rounds; the next begins only after what it answers was called. */
  async hold(): Promise<() => void> {
    this.#readers += 1;
    while (this.#stepping) await this.#changed();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#readers -= 1;
      this.#tell();
    };
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
