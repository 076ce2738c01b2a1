// The runtimes and bundlers of the table in the client's README: each runs an agent of the packed client.

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startHub } from '@agora/testing';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openFiles } from '../browser/browser.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openOutside, type Outside } from './outside.ts';

const run = promisify(execFile);
const RUN_WITHIN_MS = 60_000;

// Installers, bundlers and first starts of a runtime are slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

/** The packages of Node.js by version contain the program itself; that of `node` downloads it. */
const NODE = `node-${process.platform}-${process.arch}`;
const PACKAGES = ['bun@1', 'deno@2', `node20@npm:${NODE}@20`, `node22@npm:${NODE}@22`, 'vite@8', 'webpack@5'];

const AGENT = `
  import { AgoraClient } from '@agora/client';
  const name = process.env.RUN_ID;
  const client = new AgoraClient(name, { server: process.env.HUB, database: process.env.DATABASE, tokenStore: false });
  async function main() {
    await client.connect();
    await client.registerAgent({ agentType: 'worker' });
    await client.subscribeToMessages('greeting', ({ payload }) => ({ hello: payload }));
    const answer = await client.sendMessage({ to: name, messageType: 'greeting', payload: 'you', timeout: 10 });
    await client.close();
    console.log(JSON.stringify(answer.data));
  }
  main();`;
const PRINTED = '{"hello":"you"}\n';
/** The page reads YAML too, whose parser is loaded later. */
const PAGE_END = `
  const { workflow_type } = await parseWorkflow('workflow_type: w\\nsteps: [{ agent: A, action: a }]');
  document.title = JSON.stringify([answer.data, workflow_type]);`;
const SHOWN = '[{"hello":"you"},"w"]';

let outside: Outside;
let hub: TestHub;
let runs = 0;

beforeAll(async () => {
  [hub, outside] = await Promise.all([startTestHub(), openOutside(PACKAGES)]);
  await outside.write('agent.mjs', AGENT);
  await outside.write('agent.cjs', AGENT.replace(/import (.*) from (.*);/, 'const $1 = require($2);'));
}, 400_000);

afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await outside[Symbol.asyncDispose]();
});

/** Runs a program in the folder of the packages; returns what it printed. */
async function printed(program: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, HUB: hub.url, DATABASE: hub.database, RUN_ID: `Run${++runs}` };
  const path = program === 'node' ? process.execPath : join(outside.folder, 'node_modules', program);
  return (await run(path, args, { cwd: outside.folder, env, timeout: RUN_WITHIN_MS })).stdout;
}

describe('an agent of the packed client runs', () => {
  test.each<[runtime: string, program: string, args: readonly string[]]>([
    ['Node.js 20', 'node20/bin/node', []],
    ['Node.js 22', 'node22/bin/node', []],
    ['Node.js 24', 'node', []],
    ['Bun', '.bin/bun', []],
    ['Deno', '.bin/deno', ['run', '--allow-all']],
  ])('on %s, as an ES module and by `require()`', async (_runtime, program, args) => {
    expect(await printed(program, ...args, 'agent.mjs')).toBe(PRINTED);
    expect(await printed(program, ...args, 'agent.cjs')).toBe(PRINTED);
  });
});

describe('an agent that is bundled for Node.js runs', () => {
  test('by esbuild, as CommonJS, and as an ES module with a `require` in its banner', async () => {
    const banner = {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    };
    for (const [format, more] of [
      ['cjs', {}],
      ['esm', { banner }],
    ] as const) {
      const outfile = join(outside.folder, `bundle.${format === 'esm' ? 'mjs' : 'cjs'}`);
      const entryPoints = [join(outside.folder, 'agent.mjs')];
      await build({ entryPoints, outfile, format, bundle: true, platform: 'node', logLevel: 'silent', ...more });
      expect(await printed('node', outfile)).toBe(PRINTED);
    }
  });

  test('by Vite', async () => {
    const config = `export default {
      logLevel: 'error', build: { ssr: 'agent.mjs', outDir: 'vite', rollupOptions: { output: { entryFileNames: 'agent.mjs' } } }, ssr: { noExternal: true },
    };`;
    await outside.write('vite.config.mjs', config);
    await printed('.bin/vite', 'build');
    expect(await printed('node', 'vite/agent.mjs')).toBe(PRINTED);
  });

  test('by webpack', async () => {
    const bundle = `import webpack from 'webpack';
      const output = { path: process.cwd() + '/webpack', filename: 'agent.cjs' };
      webpack({ mode: 'production', target: 'node', entry: './agent.mjs', output }, (error, stats) => {
        if (error || stats.hasErrors()) throw error ?? new Error(stats.toString('errors-only'));
      });`;
    await outside.write('webpack.mjs', bundle);
    await printed('node', 'webpack.mjs');
    expect(await printed('node', 'webpack/agent.cjs')).toBe(PRINTED);
  });
});

describe('a page that is bundled runs in a browser, with the code that it loads later', () => {
  /** Builds the page in the folder `name`, and returns what it shows. */
  async function shown(name: string, config: string, ...build: readonly [program: string, ...args: string[]]) {
    await outside.write(`${name}.mjs`, config);
    await printed(...build);
    const folder = join(outside.folder, name);
    const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.js'));
    const files = new Map(paths.map(path => [`/${path}`, readFileSync(join(folder, path))]));
    await using browser = await openFiles(files, '/page.js');
    const { page, errors } = await browser.open();
    await expect.poll(() => page.title(), { timeout: 20_000, interval: 50 }).not.toBe('Agora');
    expect(errors).toEqual([]);
    // Read before the browser is closed.
    return await page.title();
  }

  let pageHub: Awaited<ReturnType<typeof startHub>>;

  beforeAll(async () => {
    // Unlike the other one, it admits pages of all origins.
    pageHub = await startHub();
    const options = JSON.stringify({ server: pageHub.url, tokenStore: false });
    const page = AGENT.replace('process.env.RUN_ID', '`Page${Date.now()}`')
      .replace(/import \{ AgoraClient \}/, 'import { AgoraClient, parseWorkflow }')
      .replace(/\{ server: .* \}\);/, `${options});`)
      .replace('console.log(JSON.stringify(answer.data));', PAGE_END)
      .replace('main();', 'main().catch(error => { document.title = String(error.stack); });');
    await outside.write('page.mjs', page);
  });

  afterAll(() => pageHub.close());

  test('by Vite', async () => {
    const config = `export default {
      logLevel: 'error', build: { outDir: 'vite-page', rollupOptions: { input: 'page.mjs', output: { entryFileNames: 'page.js' } } },
    };`;
    expect(await shown('vite-page', config, '.bin/vite', 'build', '--config', 'vite-page.mjs')).toBe(SHOWN);
  });

  test('by webpack', async () => {
    const config = `import webpack from 'webpack';
      const output = { path: process.cwd() + '/webpack-page', filename: 'page.js', publicPath: '/' };
      webpack({ mode: 'development', devtool: false, target: 'web', entry: './page.mjs', output }, (error, stats) => {
        if (error || stats.hasErrors()) throw error ?? new Error(stats.toString('errors-only'));
      });`;
    expect(await shown('webpack-page', config, 'node', 'webpack-page.mjs')).toBe(SHOWN);
  });
});
