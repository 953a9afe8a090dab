/**
 * Child processes of scripts: what they said, how they ended, and none left behind.
 */
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';

/** A child process; `said(text)` resolves when it has written the text, or has ended. */
export class Child {
  static #living = new Set();

  /** Ends what still runs, so that a script that fails leaves nothing behind. */
  static endAll() {
    for (const child of Child.#living) child.kill('SIGKILL');
  }

  constructor(args) {
    this.startMs = performance.now();
    this.output = '';
    this.waiting = [];
    this.process = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Says when a round is committed.
      env: { ...process.env, LOG_LEVEL: 'debug' },
    });
    Child.#living.add(this);
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output += text;
        this.#wake();
      });
    }
    this.ended = new Promise((end) => {
      this.process.once('close', (code, signal) => {
        Child.#living.delete(this);
        this.end = { code, signal };
        this.#wake();
        end(this.end);
      });
    });
  }

  #wake() {
    this.waiting = this.waiting.filter((look) => !look());
  }

  said(text) {
    return new Promise((tell) => {
      const look = () => {
        if (!this.end && !this.output.includes(text)) return false;
        tell();
        return true;
      };
      if (!look()) this.waiting.push(look);
    });
  }

  kill(signal) {
    this.process.kill(signal);
  }
}

/** Runs to the end; anything but one of the codes allowed is a failure of the run. */
export async function done(child, ...codes) {
  const { code, signal } = await child.ended;
  if ([0, ...codes].includes(code)) return code;
  throw new Error(
    `${child.process.spawnargs.slice(2).join(' ')}: ${signal ?? code}\n${child.output}`,
  );
}
