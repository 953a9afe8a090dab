/** Vectors of envelope and payload validation and of amounts; test/vectors/platform/README.md says same or ours. */
import { expect } from 'vitest';
import { amountMinor } from '../../schemas/amount.js';
import { envelopeProblem, payloadProblem } from '../../schemas/envelope.js';
import { CLASS_MAP } from '../../schemas/payload-contract.js';
import { eachVector, type Vector } from './vector-file.js';

eachVector('amount_minor.ours', (vector) => {
  expect(amountMinor(vector.number('amount'))).toBe(vector.number('minor'));
});

/** Notes of reference vectors that ours refuses; each has its own line in envelope_validation.ours. */
const REFUSED = ['impossible date', 'event_id 257', 'event_id empty'];
eachVector('envelope_validation', (vector) => {
  const problem = envelopeProblem(vector.json('envelope_json'));
  const refused = REFUSED.some((note) => vector.text('note').includes(note));
  expect(problem === null).toBe(vector.value('valid') === true && !refused);
});

eachVector('envelope_validation.ours', (vector) => {
  const problem = envelopeProblem(vector.json('envelope_json'));
  expect(problem?.code ?? null).toBe(vector.textOrNull('code'));
  if (problem !== null) expect(problem.message).toContain(vector.text('field'));
});

const payloadVerdict = (vector: Vector): string =>
  payloadProblem(
    vector.text('event_type'),
    vector.value('schema_version'),
    vector.json('payload_json'),
  )?.code ?? 'OK';
eachVector('payload_schema_validation', (vector) => {
  const version = vector.value('schema_version');
  const otherVersion = vector.text('result') === 'OK' && version !== 'v1';
  const found = payloadVerdict(vector);
  if (otherVersion) expect(found).toMatch(/^SCHEMA_VERSION_/);
  else expect(found).toBe(vector.text('result'));
  const eventClass = CLASS_MAP.get(vector.text('event_type'))?.name;
  expect(eventClass ?? 'traffic').toBe(vector.text('event_class'));
});

eachVector('payload_schema_validation.ours', (vector) => {
  expect(payloadVerdict(vector)).toBe(vector.text('result'));
});
