import tseslint from 'typescript-eslint';
import prettier from 'eslint-config-prettier';

/** Which folder may import what: DESIGN's one-way street, schemas <- state <- operators <- topologies <- runner. */
const street = ['schemas', 'state', 'operators', 'topologies', 'runner'];
const packages = {
  schemas: ['avsc', 'node:crypto', 'node:buffer', '@noble/hashes/*'],
  state: [
    'level',
    'classic-level',
    'memory-level',
    'abstract-level',
    'msgpackr',
    'node:crypto',
    'node:buffer',
    'node:zlib',
  ],
  operators: ['rxjs', 'node:crypto', 'node:buffer', '@noble/*', 'pako'],
  topologies: ['rxjs'],
};
const folderRules = street.slice(0, -1).map((folder, at) => ({
  files: [`${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(\\.\\./)+(${[...street.slice(at + 1), 'test', 'bench'].join('|')})/`,
            message: `${folder}/ may not import from folders to its right in ${street.join(' <- ')}.`,
          },
          {
            regex: `^(?!\\.)(?!(${packages[folder].map((name) => name.replace('*', '.*')).join('|')})$)`,
            message: `${folder}/ may import only ${packages[folder].join(', ')}; move what needs more to runner/.`,
          },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      'data/**',
      'schemas/generated/**',
      '**/*.mjs',
      '**/*.js',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Overflows the stack on recursive types (typescript-eslint 8.73).
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: true },
      ],
    },
  },
  {
    files: street.map((folder) => `${folder}/**/*.ts`),
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
    },
  },
  ...folderRules,
  prettier,
);
