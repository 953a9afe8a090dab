/**
 * Reads a document of unknown shape (JSON or YAML, already parsed) field by field, strictly.
 *
 * Owns: the wording. Every refusal is one line that names the path and says how to mend it, e.g.
 * `bundle.primary.scale[3]: expected a number above 0, got 0`.
 *
 * Y1. An unknown field is refused, so a misspelt optional field is never silently ignored.
 * Y2. Numbers are finite; text is never coerced into one.
 *
 * fails: DivertError with the code of the document (BUNDLE_INVALID, POLICY_INVALID, ...).
 */
import type { Code } from '../schemas/codes.js';
import { DivertError } from '../schemas/errors.js';

export interface NumberBounds {
  readonly min?: number;
  readonly max?: number;
  /** Refuses `min` itself. */
  readonly aboveMin?: boolean;
  readonly integer?: boolean;
}

const describe = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) as string | undefined;
  return (text ?? typeof value).slice(0, 60);
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const boundsText = ({ min, max, aboveMin, integer }: NumberBounds): string => {
  const kind = integer === true ? 'a whole number' : 'a number';
  if (min !== undefined && max !== undefined) {
    return `${kind} ${aboveMin === true ? 'above' : 'from'} ${min} ${aboveMin === true ? 'and up ' : ''}to ${max}`;
  }
  if (min !== undefined)
    return `${kind} ${aboveMin === true ? `above ${min}` : `of ${min} or more`}`;
  return max === undefined ? kind : `${kind} of ${max} or less`;
};

const fits = (value: number, bounds: NumberBounds): boolean =>
  Number.isFinite(value) &&
  (bounds.integer !== true || Number.isSafeInteger(value)) &&
  (bounds.min === undefined ||
    (bounds.aboveMin === true ? value > bounds.min : value >= bounds.min)) &&
  (bounds.max === undefined || value <= bounds.max);

export class StrictReader {
  readonly path: string;
  readonly value: unknown;
  private readonly code: Code;

  constructor(value: unknown, path: string, code: Code) {
    this.value = value;
    this.path = path;
    this.code = code;
  }

  /** Refuses with one line; `wanted` completes "expected ...". */
  refuse(wanted: string): never {
    throw new DivertError(
      this.code,
      `${this.path}: expected ${wanted}, got ${describe(this.value)}`,
    );
  }

  /** Refuses for a reason that is not the type of this one value. */
  reject(reason: string): never {
    throw new DivertError(this.code, `${this.path}: ${reason}`);
  }

  private at(step: string, value: unknown): StrictReader {
    return new StrictReader(value, `${this.path}${step}`, this.code);
  }

  /** Y1. Declares every allowed field of this object; call it before `field`. */
  fields(...names: readonly string[]): this {
    if (!isRecord(this.value)) this.refuse(`an object with ${names.join(', ')}`);
    for (const name of Object.keys(this.value)) {
      if (!names.includes(name)) {
        this.at(`.${name}`, undefined).reject(
          `unknown field; remove it or use one of ${names.join(', ')}`,
        );
      }
    }
    return this;
  }

  field(name: string): StrictReader {
    const value =
      isRecord(this.value) && Object.hasOwn(this.value, name) ? this.value[name] : undefined;
    return this.at(`.${name}`, value);
  }

  get absent(): boolean {
    return this.value === undefined;
  }

  /** Field names and readers in code-unit order of the names. */
  entries(): readonly (readonly [string, StrictReader])[] {
    if (!isRecord(this.value)) return this.refuse('an object');
    const names = Object.keys(this.value).sort((a, b) => (a < b ? -1 : 1));
    return names.map((name) => [name, this.field(name)]);
  }

  items(): readonly StrictReader[] {
    if (!Array.isArray(this.value)) return this.refuse('a list');
    return this.value.map((value: unknown, index) => this.at(`[${index}]`, value));
  }

  text(): string {
    if (typeof this.value !== 'string' || this.value === '')
      return this.refuse('a text that is not empty');
    return this.value;
  }

  matching(pattern: RegExp, wanted: string): string {
    if (typeof this.value !== 'string' || !pattern.test(this.value)) return this.refuse(wanted);
    return this.value;
  }

  flag(): boolean {
    if (typeof this.value !== 'boolean') return this.refuse('true or false');
    return this.value;
  }

  number(bounds: NumberBounds = {}): number {
    if (typeof this.value !== 'number' || !fits(this.value, bounds))
      return this.refuse(boundsText(bounds));
    return this.value;
  }

  oneOf<T extends string>(allowed: readonly T[]): T {
    const found = allowed.find((name) => name === this.value);
    return found ?? this.refuse(`one of ${allowed.join(', ')}`);
  }

  texts(): readonly string[] {
    return this.items().map((item) => item.text());
  }

  /** A list of numbers, without a reader per item (models hold many thousands). */
  numbers(bounds: NumberBounds = {}, length?: number): readonly number[] {
    if (!Array.isArray(this.value)) return this.refuse('a list of numbers');
    const list: readonly unknown[] = this.value;
    if (length !== undefined && list.length !== length)
      return this.refuse(`a list of ${length} numbers`);
    return list.map((value, index) =>
      typeof value === 'number' && fits(value, bounds)
        ? value
        : this.at(`[${index}]`, value).refuse(boundsText(bounds)),
    );
  }
}
