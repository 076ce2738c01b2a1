import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { CLI_LAYERS } from './lint/cli-layers.js';
import { layers } from './lint/layers.js';
import { MCP_LAYERS } from './lint/mcp-layers.js';
import { MODULE_LAYERS } from './lint/module-layers.js';
import { REALM_RULES } from './lint/realm-rules.js';

/**
 * The packages of ours that a package may import, by its folder; all others are refused. Only `hub` joins the host with the
 * bundle of the module. No package imports `scripts` or `cli`.
 */
const PACKAGES = {
  module: [],
  bindings: [],
  host: [],
  client: ['bindings', 'module/contract', 'module/workflow'],
  codegen: ['host/guest', 'host/schema', 'host/schema/fixtures'],
  hub: ['host', 'module/bundle'],
  mcp: ['client', 'client/node', 'module/contract'],
  dashboard: ['bindings', 'module/contract'],
  cli: [
    'client',
    'client/node',
    'dashboard',
    'host',
    'hub',
    'mcp',
    'mcp/hook',
    'mcp/http',
    'mcp/install',
    'module/contract',
  ],
  testing: ['client', 'host', 'host/testing', 'hub'],
  demo: ['client', 'host', 'host/make-folder', 'hub'],
  'demo/src/agents': ['client'],
  'examples/*': ['client'],
  bench: ['client', 'codegen', 'host', 'host/testing', 'hub'],
  soak: ['client', 'codegen', 'host/fuzzing', 'hub'],
  tests: [
    ...[
      'bindings',
      'client',
      'client/node',
      'client/react',
      'codegen',
      'dashboard',
      'host',
      'host/guest',
      'host/schema',
    ],
    ...['host/testing', 'hub', 'mcp', 'mcp/hook', 'mcp/http', 'mcp/install', 'module/contract', 'testing'],
  ],
  scripts: [],
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

/** The layers of the client; `browser` and `node` implement contracts of acts and connection, one per platform. */
const CLIENT_LAYERS = {
  root: 'client/src',
  layers: [
    ['base'],
    ['acts', 'wire'],
    ['connection', 'trace'],
    ['browser', 'node'],
    ['agents', 'receive'],
    ['send', 'events', 'claims'],
    ['workflows'],
    ['options.ts', 'client-types.ts'],
    ['client-parts.ts'],
    ['batch.ts', 'subscriptions.ts', 'serve.ts', 'turns.ts'],
    ['calls'],
    ['agora-client.ts'],
    ['index.ts', 'react'],
  ],
  // package.json chooses the implementation of `#platform`; the resolver of ESLint finds that of browsers.
  exceptions: ['base', 'connection', 'trace'].map(from => ({
    from,
    to: 'browser/platform.ts',
    reason: 'each runtime has its own async context, WebSocket and OpenTelemetry, chosen by the import `#platform`',
  })),
};

/** The layers of the page of the dashboard. */
const DASHBOARD_LAYERS = {
  root: 'dashboard/src/page',
  layers: [['styles', 'base'], ['hub'], ['ui'], ['actions', 'graph'], ['pages'], ['shell'], ['app.tsx'], ['main.tsx']],
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
  files: [`${folder}${folder.includes('/') ? '' : '/src'}/**/*.{ts,tsx}`],
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
    regex: `^@agora/(?!(${allowed.join('|') || '-'})$)`,
    message: `${folder} may import ${allowed.map(name => `@agora/${name}`).join(', ') || 'no package of ours'} (imports run one way).`,
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
      // Other packages are imported by their name, so only through their exports.
      'import-x/no-relative-packages': 'error',
    },
  },
  ...refusePackages,
  allowNode,
  refuseWholeZod,
  ...layers(HOST_LAYERS),
  ...layers(CLIENT_LAYERS),
  ...layers(DASHBOARD_LAYERS),
  ...layers(MODULE_LAYERS),
  ...layers(CLI_LAYERS),
  ...REALM_RULES,
  ...layers(MCP_LAYERS),
  { files: ['**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
);
