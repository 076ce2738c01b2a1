import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { CLI_LAYERS } from './lint/cli-layers.js';
import { layers } from './lint/layers.js';
import { MODULE_LAYERS } from './lint/module-layers.js';

/** Which packages of ours a package may import; what is not named is refused. */
const PACKAGES = {
  module: [],
  bindings: [],
  client: ['@agora/bindings', '@agora/module/contract', '@agora/module/workflow'],
  host: [],
  cli: ['@agora/client', '@agora/client/node', '@agora/host', '@agora/module/bundle', '@agora/module/contract'],
  testing: ['@agora/client', '@agora/host', '@agora/host/testing', '@agora/module/bundle'],
  demo: ['@agora/client', '@agora/scripts/command', '@agora/cli/hub', '@agora/host/make-folder'],
  'demo/src/agents': ['@agora/client'],
  'examples/*': ['@agora/client'],
  bench: ['@agora/client', '@agora/host', '@agora/host/testing', '@agora/scripts/build-module', '@agora/cli/hub'],
  soak: ['@agora/host/fuzzing', '@agora/scripts/build-module', '@agora/scripts/command'],
};

/** The layers of the host. Its entry points, tests and test support may import all of them. */
const HOST_LAYERS = {
  root: 'host/src',
  layers: [
    ['errors.ts', 'world.ts'],
    ['sats'],
    ['schema', 'wire'],
    ['datastore'],
    ['storage', 'query', 'guest'],
    ['subscription'],
    ['database'],
    ['database.ts'],
    ['server'],
    ['host.ts'],
  ],
};

/** What browsers load. */
const refuseWholeZod = {
  files: ['client/src/**/*.ts', 'module/src/**/*.ts'],
  rules: {
    'no-restricted-syntax': [
      'error',
      {
        selector: "ImportDeclaration[source.value='zod'] > ImportSpecifier[imported.name='z']",
        message: "Write `import * as z from 'zod'`: of that bundlers drop what is not used, 350 kB.",
      },
    ],
  },
};

const refusePackages = Object.entries(PACKAGES).map(([folder, allowed]) => ({
  files: [folder.includes('/') ? `${folder}/**/*.ts` : `${folder}/src/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          onlyPackages(folder, allowed),
          ...(folder === 'client'
            ? [{ regex: '^(node:|ws$)', message: 'client runs in browsers too; only src/node/ may use Node.' }]
            : []),
        ],
      },
    ],
  },
}));

/** The corner of the client that browsers never import. */
const allowNode = {
  files: ['client/src/node/**/*.ts', 'client/src/**/*.test.ts'],
  rules: { 'no-restricted-imports': ['error', { patterns: [onlyPackages('client', PACKAGES.client)] }] },
};

function onlyPackages(folder, allowed) {
  return {
    regex: `^@agora/(?!(${allowed.map(name => name.slice('@agora/'.length)).join('|') || '-'})$)`,
    message: `${folder} may import ${allowed.join(' and ') || 'no package of ours'} (imports run one way).`,
  };
}

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/lib/**',
      '**/.portable/**',
      'bindings/src/**',
      '**/node_modules/**',
      'tests/conformance/recordings/**',
      '**/.turbo/**',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: ['eslint.config.js', 'vitest.config.ts', 'scripts/run.mjs'],
        },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'import-x/order': ['error', { groups: ['builtin', 'external', 'internal', 'parent', 'sibling'] }],
      'import-x/no-duplicates': ['error', { 'prefer-inline': true }],
    },
  },
  ...refusePackages,
  allowNode,
  refuseWholeZod,
  ...layers(HOST_LAYERS),
  ...layers(MODULE_LAYERS),
  ...layers(CLI_LAYERS),
  { files: ['**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
);
