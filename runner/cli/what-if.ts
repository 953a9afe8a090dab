/**
 * `runner replay NAME --with FILE`: the report of a what-if.
 */
import { buildId } from '../build-id.js';
import { FIRST_MAX, whatIf, type Flip } from '../what-if.js';
import { EXIT } from './exit.js';
import { requireData } from './open-data.js';
import { dataDirOf } from './options.js';
import { parseRange } from './range.js';
import { grouped, progressLine, say, table } from './terminal.js';

export interface WhatIfCommand {
  readonly data: string;
  readonly range: readonly string[];
  readonly features?: string;
  readonly with: string;
}

export async function tellWhatIf(name: string, options: WhatIfCommand): Promise<number> {
  const dataDir = dataDirOf(options.data);
  const ranges = options.range.map(parseRange);
  await requireData(dataDir);
  const progress = progressLine();
  const found = await whatIf({
    dataDir,
    name,
    with: options.with,
    ...(options.features === undefined ? {} : { features: options.features }),
    ...(ranges.length > 0 ? { ranges } : {}),
    onRound: ({ round }) => {
      progress(`executing round ${grouped(round)} again`);
    },
  });
  progress.done();
  say(`what if ${found.what} had been in force?`);
  say(
    `${grouped(found.compared)} decisions in ${grouped(found.rounds)} rounds executed again by ${buildId()}`,
  );
  const otherwise =
    found.rescored === 0 ? '' : `, ${grouped(found.rescored)} of them with another score`;
  say(`${grouped(found.same)} would have been the same${otherwise}`);
  if (found.onlyThen > 0) say(`${grouped(found.onlyThen)} would not have been made`);
  if (found.onlyNow > 0) say(`${grouped(found.onlyNow)} would have been made that were not`);
  if (found.flipped === 0) {
    say('no decision would have been another');
    return found.onlyThen + found.onlyNow === 0 ? EXIT.done : EXIT.difference;
  }
  say(`${grouped(found.flipped)} would have been others:\n`);
  say(
    table([
      ['from', 'to', 'decisions', 'amount'],
      ...found.flips.map(({ from, to, count, amountMinor }) => [
        from,
        to,
        count,
        moneyText(amountMinor),
      ]),
    ]),
  );
  say(`\nthe first ${Math.min(FIRST_MAX, found.first.length)}:`);
  say(
    table([
      ['decision', 'flow', 'from', 'to', 'amount', 'score then', 'score now', 'reasons'],
      ...found.first.map(flipRow),
    ]),
  );
  return EXIT.difference;
}

const flipRow = (flip: Flip): readonly string[] => [
  flip.decisionId,
  flip.flowId,
  flip.from,
  flip.to,
  moneyText(BigInt(flip.amountMinor)),
  scoreText(flip.scoreThen),
  scoreText(flip.scoreNow),
  flip.reasons.join(' '),
];

const scoreText = (score: number | null): string => (score === null ? '-' : score.toFixed(6));

/** Minor units as major ones: 123456 is 1 234.56. */
export function moneyText(minor: bigint): string {
  const sign = minor < 0n ? '-' : '';
  const digits = (minor < 0n ? -minor : minor).toString().padStart(3, '0');
  const major = digits.slice(0, -2).replaceAll(/\B(?=(\d{3})+$)/g, ' ');
  return `${sign}${major}.${digits.slice(-2)}`;
}
