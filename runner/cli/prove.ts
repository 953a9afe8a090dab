/**
 * `runner prove DECISION_ID`: one decision, its evidence and reasons, executed again.
 */
import type { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import type { DecisionResponse } from '../../schemas/generated/rtdl-record.js';
import { topics } from '../../schemas/topics.js';
import { proveDecision, type Level, type Proof, type Step } from '../prove/prove-decision.js';
import { reasonInWords } from '../prove/reason-words.js';
import { runtimeCalls } from '../runtime-calls.js';
import { searchPartition } from '../search-partition.js';
import { EXIT } from './exit.js';
import { DATA_OPTION } from './options.js';
import { withData } from './open-data.js';
import { timeText } from './plain-json.js';
import { grouped, progressLine, say, table } from './terminal.js';
import { moneyText } from './what-if.js';

interface ProveCommand {
  readonly data: string;
  readonly level: string;
}

export function addProve(program: Command): void {
  program
    .command('prove')
    .description('show a decision with its evidence and reasons, and execute it again')
    .argument('<decision-id>', '32 hex digits, as in "runner read decisions"')
    .option(...DATA_OPTION)
    .option(
      '--level <n>',
      '1 the decide step, 2 its features from source events, 3 every round before; auto: what takes seconds',
      'auto',
    )
    .addHelpText(
      'after',
      '\nExit code 0 when all that was executed is equal, 1 when something differs.\n\nExamples:\n  runner prove 0f6c2a...\n  runner prove 0f6c2a... --level 3',
    )
    .action(async (id: string, options: ProveCommand) => {
      process.exitCode = await prove(id, options);
    });
}

async function prove(id: string, options: ProveCommand): Promise<number> {
  if (!/^[0-9a-f]{32}$/.test(id)) {
    throw new UsageError(`"${id}" is no decision id; it has 32 hex digits.`);
  }
  const level = levelOf(options.level);
  return withData({ data: options.data, mode: 'read' }, async ({ bus, lookup, owner, dataDir }) => {
    if (!(await bus.topics()).some(({ name }) => name === topics.rtdl.name)) {
      throw new UsageError('No decision was made here; run: runner start rtdl --until-end');
    }
    const progress = progressLine();
    const proof = await proveDecision({
      finder: {
        bus,
        lookup,
        search: (search) =>
          owner ? owner.call(runtimeCalls.search, search) : searchPartition(bus, search),
      },
      dataDir,
      id,
      level,
      onRound: (round) => {
        progress(`executing round ${grouped(round)} again`);
      },
    });
    progress.done();
    if (!proof) {
      say(`no decision here has the id ${id}`);
      return EXIT.difference;
    }
    return tell(proof);
  });
}

function levelOf(text: string): Level | 'auto' {
  if (text === 'auto') return 'auto';
  if (text === '1') return 1;
  if (text === '2') return 2;
  if (text === '3') return 3;
  throw new UsageError(`--level is "${text}"; give 1, 2, 3 or auto.`);
}

function tell(proof: Proof): number {
  const { decision } = proof.found;
  say(
    `${decision.action}${decision.score === null ? '' : ` with score ${decision.score.toFixed(6)}`}\n`,
  );
  say(table(headRows(proof)));
  say('\nreasons');
  const reasons = decision.reason_codes.map((code) => [
    `  ${code}`,
    reasonInWords(code, { ...proof, decision }),
  ]);
  say(reasons.length === 0 ? '  none: nothing spoke against it' : table(reasons));
  say('\nevidence');
  say(
    table(
      proof.evidence.map(({ ref, place, gone, faults }) => [
        gone ? '  gone' : faults.length === 0 ? '  ok' : '  FAULT',
        ref.role,
        place,
        ref.event_id,
      ]),
    ),
  );
  for (const fault of proof.faults) say(`  fault: ${fault}`);
  say('\nexecuted again');
  for (const step of proof.steps) tellStep(step);
  const differs = proof.steps.some((step) => step.equal === false);
  const verdict = differs
    ? 'something differs'
    : proof.faults.length > 0
      ? 'there are faults'
      : 'equal';
  say(`\nlevel ${proof.reached} reached: ${verdict}`);
  return verdict === 'equal' && proof.reached > 0 ? EXIT.done : EXIT.difference;
}

function headRows({ found }: Proof): readonly (readonly string[])[] {
  const { decision, place, auditPlace } = found;
  const { subject, source_event: source, stamps, policy_rev: policy } = decision;
  const late = stamps.late_ms > 0 ? `, ${stamps.late_ms} ms late` : '';
  return [
    ['decision', `${decision.decision_id} at ${place}`],
    ['audit', auditPlace ?? 'none'],
    [
      'event',
      `${subject.event_type} ${subject.event_seq} of flow ${subject.flow_id}, ${moneyText(BigInt(subject.amount_minor))}, ${timeText(source.ts_utc_micros / 1000)}`,
    ],
    ['decided', `${timeText(stamps.decided_at_ms)}, ${stamps.latency_ms} ms after it came${late}`],
    ['run', decision.pins.platform_run_id],
    ['context', decision.context_status],
    ['posture', `${decision.degrade_posture.mode}: ${decision.degrade_posture.reason}`],
    ['policy', `${policy.policy_id} revision ${policy.revision} (${policy.content_digest})`],
    ['bundle', bundleText(decision)],
    [
      'features',
      `${decision.feature_set?.id ?? 'none'} version ${decision.feature_set?.version ?? '-'}, snapshot ${decision.snapshot_hash ?? 'none'}`,
    ],
    ['build', stamps.build],
  ];
}

function bundleText({ bundle_ref: bundle, resolution }: DecisionResponse): string {
  if (resolution.outcome === 'FAIL_CLOSED') return `none: ${resolution.reason_codes.join(', ')}`;
  return `${bundle.bundle_id} version ${bundle.bundle_version} (${resolution.outcome} in ${resolution.scope})`;
}

function tellStep({ level, what, equal, note, differences }: Step): void {
  const verdict = equal === undefined ? 'not executed' : equal ? 'equal' : 'differs';
  say(`  L${level} ${what}: ${verdict}${note === '' ? '' : ` (${note})`}`);
  for (const difference of differences) say(`     ${difference}`);
}
