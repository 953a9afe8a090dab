/**
 * One log object as one line for people: `12:03:04.123 WARN  rtdl/join/0  message  key=value`.
 * in: a JSON line by pino; anything else passes unchanged. out: a line that ends in one newline.
 * Values with spaces, quotes or control characters are quoted as JSON (L3 of `log.ts`); a stack
 * follows on indented lines.
 */

const LEADING = new Set(['time', 'level', 'msg', 'topology', 'task', 'err']);

const UNSAFE = /[\s"=\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

const escaped = (text: string): string =>
  text.replace(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

const shown = (value: unknown): string => {
  if (typeof value === 'string') return UNSAFE.test(value) ? escaped(JSON.stringify(value)) : value;
  return escaped(JSON.stringify(value));
};

const text = (value: unknown): string => (typeof value === 'string' ? escaped(value) : '');

const errorPart = (err: unknown): string => {
  if (typeof err !== 'object' || err === null) return '';
  const { message, code, stack } = err as Record<string, unknown>;
  const frames = typeof stack === 'string' ? stack.split('\n').slice(1) : [];
  const head = `  ${typeof code === 'string' ? `${code}: ` : ''}${text(message)}`;
  return [head, ...frames.map((frame) => `    ${escaped(frame.trim())}`)].join('\n');
};

const parsed = (line: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // Not ours: the caller prints it as it came.
  }
};

/** Formats one line; never throws. */
export const logLine = (line: string): string => {
  const fields = parsed(line);
  if (fields === undefined) return line;
  const at = text(fields['time']).slice(11, 23);
  const level = text(fields['level']).toUpperCase().padEnd(5);
  const place = text(fields['task'] ?? fields['topology']);
  const rest = Object.entries(fields)
    .filter(([key, value]) => !LEADING.has(key) && value !== undefined)
    .map(([key, value]) => `${key}=${shown(value)}`);
  const parts = [place, text(fields['msg']), rest.join(' ')].filter((part) => part !== '');
  return `${at} ${level} ${parts.join('  ')}${errorPart(fields['err'])}\n`;
};
