/**
 * Page tokens: where a walk through a neighbourhood stopped, good for one question at one graph
 * version. They carry a cursor and digests, never an identifier; they are checked, not trusted.
 *
 * fails: UsageError for what is no token of this question; PAGE_TOKEN_STALE for another version.
 */
import { HaltError, UsageError } from '../../schemas/errors.js';
import { sha256Hex32 } from '../../schemas/sha256.js';

/** A place among an entity's neighbours: the overflow row's digits and the index in it. */
export interface Cursor {
  readonly digits: string;
  readonly index: number;
}

export interface WalkCursor {
  readonly outer: Cursor;
  /** Among those who share the outer neighbour; null at the neighbour itself. */
  readonly inner: Cursor | null;
}

const TOKEN =
  /^([0-9a-f]{32})\.([0-9a-f]{32})\.([0-9a-f]{0,3}),(\d{1,2})(?:\.([0-9a-f]{0,3}),(\d{1,2}))?$/;

const cursorText = ({ digits, index }: Cursor): string => `${digits},${index}`;

export const writePageToken = (token: {
  readonly version: string;
  readonly question: string;
  readonly cursor: WalkCursor;
}): string => {
  const { outer, inner } = token.cursor;
  const parts = [token.version, sha256Hex32(token.question), cursorText(outer)];
  if (inner !== null) parts.push(cursorText(inner));
  return Buffer.from(parts.join('.'), 'utf8').toString('base64url');
};

export const readPageToken = (token: string, version: string, question: string): WalkCursor => {
  const match = TOKEN.exec(Buffer.from(token, 'base64url').toString('utf8'));
  const [, tokenVersion, asked, digits = '', index, innerDigits = '', innerIndex] = match ?? [];
  if (match === null || asked !== sha256Hex32(question))
    throw new UsageError('the page token is not one of this question; start at the first page.');
  if (tokenVersion !== version)
    throw new HaltError(
      'PAGE_TOKEN_STALE',
      'the graph moved on since this page token was given; start at the first page.',
    );
  const outer = { digits, index: Number(index) };
  const inner =
    innerIndex === undefined ? null : { digits: innerDigits, index: Number(innerIndex) };
  return { outer, inner };
};
