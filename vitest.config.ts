import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // A topology that imports the package by its name is tested against the sources.
  resolve: {
    alias: [
      { find: /^weir$/, replacement: fileURLToPath(new URL('runner/public.ts', import.meta.url)) },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
