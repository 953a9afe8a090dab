/**
 * The last committed round of a task, found by halving: the port reads rounds forwards only, and a long
 * round log has too many to walk. Rounds of a task are numbered 1, 2, 3 without holes (R1).
 */
import type { Bus, RoundEntry } from './bus/port.js';

export async function lastRound(bus: Bus, task: string): Promise<RoundEntry | undefined> {
  let found = await roundAt(bus, task, 1);
  if (!found) return undefined;
  let missing = 2;
  for (let entry = await roundAt(bus, task, missing); entry;) {
    found = entry;
    missing *= 2;
    entry = await roundAt(bus, task, missing);
  }
  while (missing - found.seq > 1) {
    const middle = Math.floor((found.seq + missing) / 2);
    const entry = await roundAt(bus, task, middle);
    if (entry) found = entry;
    else missing = middle;
  }
  return found;
}

async function roundAt(bus: Bus, task: string, seq: number): Promise<RoundEntry | undefined> {
  for await (const entry of bus.rounds(task, seq, seq)) return entry;
  return undefined;
}
