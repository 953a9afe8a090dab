/**
 * Where two values differ, in words: path, what stands there, what should.
 */

/** At most `MOST` differences, in the order of the fields of `then`. */
export function differences(then: unknown, now: unknown): readonly string[] {
  const found: string[] = [];
  compare('', then, now, found);
  return found;
}

const MOST = 20;

function compare(path: string, then: unknown, now: unknown, found: string[]): void {
  if (found.length >= MOST || Object.is(then, now)) return;
  if (then instanceof Uint8Array && now instanceof Uint8Array) {
    if (Buffer.compare(then, now) !== 0) found.push(sentence(path, then, now));
    return;
  }
  if (isObject(then) && isObject(now) && Array.isArray(then) === Array.isArray(now)) {
    for (const name of new Set([...Object.keys(then), ...Object.keys(now)])) {
      compare(path === '' ? name : `${path}.${name}`, then[name], now[name], found);
    }
    return;
  }
  found.push(sentence(path, then, now));
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

const sentence = (path: string, then: unknown, now: unknown): string =>
  `${path || 'the value'} was ${shown(then)} and is ${shown(now)} when executed again`;

function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return JSON.stringify(value);
}
