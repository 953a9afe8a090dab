/**
 * Counts of one operator in one task: in = passed + absorbed + held + diverted, after every signal.
 * Undoable for the length of one signal, at the cost of five numbers copied.
 */
import type { Account } from '../../operators/wiring.js';

export class OperatorAccount implements Account {
  readonly name: string;
  in = 0;
  passed = 0;
  absorbed = 0;
  held = 0;
  diverted = 0;
  said = 0;
  readonly reasons = new Map<string, number>();
  /** The signal this account was last saved for. */
  savedFor = -1;
  #in = 0;
  #passed = 0;
  #absorbed = 0;
  #held = 0;
  #reasons: string[] = [];
  #counts: number[] = [];

  constructor(name: string) {
    this.name = name;
  }

  reason(reason: string, count: number): void {
    this.#reasons.push(reason);
    this.#counts.push(count);
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + count);
  }

  save(signal: number): void {
    if (this.savedFor === signal) return;
    this.savedFor = signal;
    this.#in = this.in;
    this.#passed = this.passed;
    this.#absorbed = this.absorbed;
    this.#held = this.held;
    if (this.#reasons.length > 0) {
      this.#reasons = [];
      this.#counts = [];
    }
  }

  restore(): void {
    this.in = this.#in;
    this.passed = this.#passed;
    this.absorbed = this.#absorbed;
    this.held = this.#held;
    this.#reasons.forEach((reason, at) => {
      this.reasons.set(reason, (this.reasons.get(reason) ?? 0) - (this.#counts[at] ?? 0));
    });
    this.#reasons = [];
    this.#counts = [];
  }

  get balanced(): boolean {
    return this.in === this.passed + this.absorbed + this.held + this.diverted;
  }
}
