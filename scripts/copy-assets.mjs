/** Copies what tsc does not: data files that the built code reads, beside the code that reads them. */
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['runner/assets', 'runner/import/maps'];

for (const folder of FOLDERS) {
  if (!existsSync(folder)) continue;
  for (const name of readdirSync(folder)) cpSync(join(folder, name), join('dist', folder, name));
}
