/**
 * A JSON parser that loses nothing: numbers keep whether they were written as integers or as doubles,
 * and integers keep all their digits (ids are uint64; JSON.parse rounds them and reads 12.0 as 12).
 *
 * Stricter than Python's reader where two readers could disagree: no NaN or Infinity, no number
 * beyond a double's range, no key twice in one object, no lone surrogate (it has no UTF-8, so Avro
 * could not carry it), nothing after the value. Bounds: depth 64, number text 400 characters; the
 * caller bounds the text.
 *
 * source: RFC 8259; spec/platform.md 1.1 to 1.5.
 */

/** A number as written: an integer with all digits, or a double. */
export class JsonNumber {
  readonly kind: 'integer' | 'double';
  /** Digits of an integer, without `-0`; the shortest Python spelling of a double. */
  readonly text: string;
  constructor(kind: 'integer' | 'double', text: string) {
    this.kind = kind;
    this.text = text;
  }
}

export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** Why a text is not JSON we take; `at` is the index of the offending UTF-16 unit. */
export class JsonError extends Error {
  readonly at: number;
  constructor(reason: string, at: number) {
    super(`${reason} at ${at}`);
    this.name = 'JsonError';
    this.at = at;
  }
}

const DEPTH_MAX = 64;
const NUMBER_TEXT_MAX = 400;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const LONE_SURROGATE = /\p{Surrogate}/u;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Python's repr of a float: shortest digits, `.0` when integral, exponent from 1e16 and below 1e-4. */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} has no JSON text`);
  const size = Math.abs(value);
  if (size >= 1e16 || (size < 1e-4 && size !== 0)) {
    // toExponential() without digits gives the shortest form, as repr does; only the exponent differs.
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  if (Object.is(value, -0)) return '-0.0';
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) throw this.#error('text after the value');
    return value;
  }

  #error(reason: string): JsonError {
    return new JsonError(reason, this.#at);
  }

  #space(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at += 1;
    }
  }

  #value(depth: number): JsonValue {
    if (depth > DEPTH_MAX) throw this.#error(`nested deeper than ${DEPTH_MAX}`);
    this.#space();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #word<T extends JsonValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#error('no JSON value');
    this.#at += word.length;
    return value;
  }

  #number(): JsonNumber {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.#error('no JSON value');
    const text = match[0];
    if (text.length > NUMBER_TEXT_MAX) throw this.#error(`number longer than ${NUMBER_TEXT_MAX}`);
    if (match[1] === undefined && match[2] === undefined) {
      this.#at += text.length;
      return new JsonNumber('integer', text === '-0' ? '0' : text);
    }
    const value = Number(text);
    if (!Number.isFinite(value)) throw this.#error('number beyond the range of a double');
    this.#at += text.length;
    return new JsonNumber('double', doubleText(value));
  }

  #string(): string {
    const start = this.#at;
    this.#at += 1;
    let value = '';
    for (;;) {
      PLAIN.lastIndex = this.#at;
      const plain = PLAIN.exec(this.#text)?.[0] ?? '';
      value += plain;
      this.#at += plain.length;
      const unit = this.#text[this.#at];
      if (unit === '"') break;
      if (unit !== '\\')
        throw this.#error(unit === undefined ? 'string without end' : 'raw control character');
      value += this.#escape();
    }
    this.#at += 1;
    if (LONE_SURROGATE.test(value)) throw new JsonError('lone surrogate in the string', start);
    return value;
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? '';
    if (letter === 'u') {
      const hex = this.#text.slice(this.#at + 2, this.#at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#error('bad \\u escape');
      this.#at += 6;
      return String.fromCharCode(parseInt(hex, 16));
    }
    const value = ESCAPES[letter];
    if (value === undefined) throw this.#error('bad escape');
    this.#at += 2;
    return value;
  }

  #array(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] === ']') {
      this.#at += 1;
      return items;
    }
    for (;;) {
      items.push(this.#value(depth + 1));
      if (this.#next(']')) return items;
    }
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, JsonValue>();
    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] === '}') {
      this.#at += 1;
      return members;
    }
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#error('no key');
      const key = this.#string();
      if (members.has(key)) throw this.#error(`key ${JSON.stringify(key)} twice`);
      this.#space();
      if (this.#text[this.#at] !== ':') throw this.#error('no colon');
      this.#at += 1;
      members.set(key, this.#value(depth + 1));
      if (this.#next('}')) return members;
    }
  }

  /** Takes a comma (false) or the closing bracket (true). */
  #next(close: string): boolean {
    this.#space();
    const unit = this.#text[this.#at];
    if (unit !== ',' && unit !== close) throw this.#error(`neither , nor ${close}`);
    this.#at += 1;
    return unit === close;
  }
}

/** Parses a whole text. Throws JsonError. */
export const parseJson = (text: string): JsonValue => new Parser(text).document();
