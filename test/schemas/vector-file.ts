/** Reads a vector file of test/vectors/platform without losing a digit. */
import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { JsonNumber, parseJson, type JsonObject, type JsonValue } from '../../schemas/json-text.js';
import { asList, asObject } from './reference-recipes.js';

export class Vector {
  readonly fields: JsonObject;
  constructor(fields: JsonObject) {
    this.fields = fields;
  }
  has(name: string): boolean {
    return this.fields.has(name);
  }
  value(name: string): JsonValue {
    const value = this.fields.get(name);
    if (value === undefined) throw new Error(`the vector has no ${name}`);
    return value;
  }
  text(name: string): string {
    const value = this.value(name);
    if (value instanceof JsonNumber) return value.text;
    if (typeof value !== 'string') throw new TypeError(`${name} is no text`);
    return value;
  }
  textOrNull(name: string): string | null {
    return this.fields.get(name) === null ? null : this.text(name);
  }
  number(name: string): number {
    return Number(this.text(name));
  }
  list(name: string): readonly JsonValue[] {
    return asList(this.value(name));
  }
  inner(name: string): Vector {
    return new Vector(asObject(this.value(name)));
  }
  /** A field that holds JSON text. */
  json(name: string): JsonObject {
    return asObject(parseJson(this.text(name)));
  }
}

export function vectors(name: string): readonly Vector[] {
  const file = new URL(`../vectors/platform/${name}.json`, import.meta.url);
  const rows = asList(asObject(parseJson(readFileSync(file, 'utf8'))).get('vectors'));
  if (rows.length === 0) throw new Error(`${name} has no vectors`);
  return rows.map((row) => new Vector(asObject(row)));
}

/** One test per vector of a file, named by its index and note. */
export function eachVector(file: string, check: (vector: Vector) => void): void {
  describe(file, () => {
    vectors(file).forEach((vector, index) => {
      it(vector.has('note') ? `${index} ${vector.text('note')}` : String(index), () => {
        check(vector);
      });
    });
  });
}
