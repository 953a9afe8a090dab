/**
 * A state key, built once for what asks for it several times in a row (a timer, then a row, then the
 * next part of the same event). Building and hashing a key costs more than finding its row.
 */
import { scopedKey } from '../../state/keys.js';

/** Answers `scopedKey(run, first)`, or with `second` after it when that is not ''. */
export function lastKey(): (run: string, first: string, second?: string) => string {
  let known = { run: '', first: '', second: '', key: '' };
  return (run, first, second = '') => {
    if (known.first !== first || known.second !== second || known.run !== run) {
      const key = second === '' ? scopedKey(run, first) : scopedKey(run, first, second);
      known = { run, first, second, key };
    }
    return known.key;
  };
}
