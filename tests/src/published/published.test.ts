// The published packages, used from outside the workspace: installed from their tarballs in a fresh folder.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { installedManifest, openOutside, type Outside } from './outside.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

// Compilers and installers are slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let outside: Outside;

beforeAll(async () => {
  outside = await openOutside();
}, 240_000);

afterAll(() => outside[Symbol.asyncDispose]());

describe('every tarball', () => {
  test('has a license, a README, its declarations, and no reference to the workspace', async () => {
    for (const { name } of outside.tarballs) {
      const { text, manifest } = await installedManifest(outside, name);
      expect(text).not.toMatch(/workspace:|catalog:|\.\/src\/(?!\*\*)/);
      expect(manifest).toMatchObject({ name, license: 'Apache-2.0' });
      const files = readdirSync(join(outside.folder, 'node_modules', name), { recursive: true, encoding: 'utf8' });
      expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
      expect(files.filter(file => /test|fixture|(?<!\.d)\.ts$|tsconfig/.test(file) && !isTestKit(name, file))).toEqual(
        [],
      );
    }
  });

  test('passes publint', async () => {
    for (const { name } of outside.tarballs) {
      const pkgDir = join(outside.folder, 'node_modules', name);
      const { messages, pkg } = await publint({ pkgDir, level: 'warning', strict: true, pack: false });
      expect(messages.map(message => `${name}: ${formatMessage(message, pkg)}`)).toEqual([]);
    }
  });

  test('has types that resolve for its importers', async () => {
    for (const { file } of outside.tarballs) {
      const { problems } = await analysisOf(file);
      expect(problems).toEqual([]);
    }
  });
});

function readmeText(folder: string): string {
  return readFileSync(join(outside.folder, 'node_modules/@agora', folder, 'README.md'), 'utf8');
}

/** The first block of a language in an installed README. */
function readmeOf(folder: string, language: string): string {
  const block = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(readmeText(folder))?.[1];
  if (block === undefined) throw new Error(`the README of ${folder} has no ${language}`);
  return block;
}

/** Problems that attw reports, except for `require` and the resolution of Node.js 10: the packages are ES modules. */
async function analysisOf(file: string) {
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(file)));
  if (!analysis.types) throw new Error(`${file} has no types`);
  return { problems: analysis.problems.filter(problem => !/node10|node16-cjs/.test(JSON.stringify(problem))) };
}

/** The test kit of the host is published. */
function isTestKit(name: string, file: string): boolean {
  return name === '@agora/host' && /^lib\/testing/.test(file);
}

describe('from outside', () => {
  test("runs the README's first agent against a hub of the installed packages", async () => {
    const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const [, code = ''] = /\n## A first agent\n[\s\S]*?```ts\n([\s\S]*?)```/.exec(text) ?? [];
    const usual = 'http://127.0.0.1:3000';
    expect(code).toContain(usual);
    await outside.write('first-agent.ts', code.replaceAll(`'${usual}'`, "process.env['HUB']"));
    await outside.write(
      'hub-and-agent.ts',
      `import { startHub } from '@agora/testing';
      await using hub = await startHub();
      process.env['HUB'] = hub.url;
      await import('./first-agent.ts');`,
    );
    expect(await outside.run('hub-and-agent.ts')).toBe("{ text: 'Hello, Visitor!' }\n");
  });

  test("runs the examples of the test kits' READMEs", async () => {
    for (const kit of ['testing', 'host']) {
      const text = readFileSync(join(outside.folder, 'node_modules/@agora', kit, 'README.md'), 'utf8');
      const blocks = [...text.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)];
      for (const [, name = '', code = ''] of blocks) await outside.write(join(kit, name), code);
      const [, example = ''] = blocks.find(([, name = '']) => name.endsWith('.test.ts')) ?? [];
      expect(await outside.run(join(kit, example), { args: ['--test'] })).toContain('fail 0');
    }
  });

  test('finds the threads and the program of the host, and its data again', async () => {
    await outside.write('limits.ts', LIMITS_MODULE);
    await outside.write('host-parts.ts', HOST_PARTS);
    expect(JSON.parse(await outside.run('host-parts.ts'))).toEqual({
      tooLong: 'The instance encountered a fatal error.',
      fetched: expect.stringContaining('private or special-purpose addresses') as unknown,
      kept: 'agora',
    });
  });

  test('generates the bindings of a module', async () => {
    await outside.write('todo/src/index.ts', LIMITS_MODULE);
    const at = (folder: string) => join(outside.folder, folder);
    const flags = ['--module-path', at('todo'), '--out-dir', at('bindings')];
    const codegen = 'node_modules/@agora/codegen/lib/main.js';
    expect(await outside.run(codegen, { params: flags })).toContain('files, of which');
    expect(await outside.run(codegen, { params: [...flags, '--check'] })).toContain('matches the module');
    expect(readFileSync(join(outside.folder, 'bindings/spin_reducer.ts'), 'utf8')).toContain('export default {};');
  });

  test('starts a hub', async () => {
    const [, code = ''] = /```ts\n\/\/ hub\.ts\n([\s\S]*?)```/.exec(readmeText('hub')) ?? [];
    await outside.write('hub.ts', code.replace('port: 3000', 'port: 0'));
    expect(await outside.run('hub.ts')).toMatch(/^Agents connect to http:\/\/127\.0\.0\.1:\d+\.\n$/);
  });

  test('has the command line, which finds a hub', async () => {
    const agora = 'node_modules/@agora/cli/lib/main.js';
    expect(await outside.run(agora, { params: ['--help'] })).toContain('workflow');
    const hub = `import { startHub } from '@agora/testing';
      import { execFile } from 'node:child_process';
      await using hub = await startHub();
      await hub.connect('Ada');
      console.log(await new Promise((resolve, reject) => {
        const done = (error, out) => (error ? reject(error) : resolve(out));
        execFile(process.execPath, ['${agora}', 'agents', '--json', '--server', hub.url], done);
      }));`;
    await outside.write('agents.js', hub);
    expect(await outside.run('agents.js')).toContain('"Ada"');
  });

  test('type-checks as a bundler and as Node.js resolve it, with the declarations of all packages', async () => {
    await outside.write('consumer.ts', `import './page.tsx'; ${CONSUMER}`);
    await outside.write('page.tsx', `declare const server: string; ${readmeOf('client', 'tsx')}; export { page };`);
    for (const moduleResolution of ['nodenext', 'bundler'] as const) {
      const options = { moduleResolution, isExact: true, checksLibraries: true };
      expect(await outside.typeCheck('consumer.ts', options)).toBe('');
    }
    // Inner classes are not published, so no declaration of the client names the SDK.
    const lib = join(outside.folder, 'node_modules/@agora/client/lib');
    const declarations = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.d.ts'));
    for (const file of declarations) {
      expect(readFileSync(join(lib, file), 'utf8')).not.toMatch(/@agora\/bindings|'spacetimedb|"spacetimedb/);
    }
    // The types of the SDK, and so the bindings alone, resolve for bundlers only, and without exact optional properties.
    await outside.write('bindings.ts', BINDINGS_CONSUMER);
    expect(await outside.typeCheck('bindings.ts', { moduleResolution: 'bundler' })).toBe('');
  });

  test('is bundled for a browser without any module of Node.js', async () => {
    for (const code of BROWSER_ENTRIES) {
      const { outputFiles } = await build({
        stdin: { contents: code, resolveDir: outside.folder },
        bundle: true,
        format: 'esm',
        platform: 'browser',
        outdir: 'out',
        write: false,
        logLevel: 'silent',
      });
      for (const { text } of outputFiles) expect(text).not.toMatch(/(from|import)\s*\(?["']node:/);
    }
  });
});

/** The entries that a page may import. */
const BROWSER_ENTRIES = ["export { AgoraClient } from '@agora/client';", "export * from '@agora/client/react';"];

/** A reducer that never ends, and a procedure that makes a request. */
const LIMITS_MODULE = `
  import { schema, t } from 'spacetimedb/server';
  const db = schema({});
  export default db;
  export const spin = db.reducer({}, () => { for (;;); });
  export const ask = db.procedure(t.string(), ctx => {
    try { return ctx.http.fetch('http://127.0.0.1:9/').text(); } catch (error) { return String(error); }
  });`;

/** The thread of the watchdog, the thread for HTTP, and the program that reads a data folder before it is opened. */
const HOST_PARTS = `
  import { readFile, rm } from 'node:fs/promises';
  import { startHost } from '@agora/host';
  import { TestDatabase } from '@agora/host/testing';
  import { bundleUrl } from '@agora/module/bundle';

  const callLimits = { callMs: 200, callBytes: 1e9 };
  await using db = await TestDatabase.open({ entry: 'limits.ts', callLimits });
  let tooLong: unknown;
  try { db.owner.call('spin'); } catch (error) { tooLong = (error as Error).message; }
  const fetched = db.owner.procedure('ask');

  const first = await startHost({ dataDir: 'data' });
  await first.publish('agora', await readFile(bundleUrl));
  await first.close();
  await using second = await startHost({ dataDir: 'data' });
  const kept = second.database('agora') && 'agora';
  console.log(JSON.stringify({ tooLong, fetched, kept }));`;

/** Uses every published package, as a user writes it. */
const CONSUMER = `
  import { AgoraClient, AgoraError, parseWorkflow, type AgentInfo, type Answer } from '@agora/client';
  import { fileTokenStore } from '@agora/client/node';
  import { buildModule, CodegenError } from '@agora/codegen';
  import { startHost, type Host } from '@agora/host';
  import { startHub as startPlainHub, type Hub } from '@agora/hub';
  import { bundleUrl } from '@agora/module/bundle';
  import { LIMITS, type WorkflowStatus } from '@agora/module/contract';
  import { workflowShape } from '@agora/module/workflow';
  import * as mcp from '@agora/mcp';
  import * as dashboard from '@agora/dashboard';
  import { startHub } from '@agora/testing';

  const client = new AgoraClient('Consumer', { tokenStore: fileTokenStore('token') });
  await client.subscribeToMessages('greeting', message => ({ text: message.from }));
  const answer: Answer = await client.sendMessage({ to: 'A', messageType: 'note', payload: {}, timeoutMs: LIMITS.page });
  const agents: AgentInfo[] = await client.findAgents({ capabilities: ['review'] });
  const admissions = await client.operator.admissions();
  const mode: string = admissions.mode;
  const workflow = await client.startWorkflowCoordination(await parseWorkflow(''));
  const status: WorkflowStatus = workflow.status().status;
  const host: Host = await startHost({ inMemory: true });
  await using hub = await startHub();
  const plain: Hub = await startPlainHub({ database: 'other' });
  const bundle: string = await buildModule('.').catch((error: CodegenError) => error.code);
  // @ts-expect-error: a server is named by its URL
  new AgoraClient('Wrong', { server: 5 });
  // @ts-expect-error: a clock is moved by milliseconds
  hub.advance('1 h');
  if (workflowShape.safeParse({}).error instanceof AgoraError) throw new Error(bundleUrl.href);
  export { agents, answer, bundle, dashboard, host, hub, mcp, mode, plain, status };`;

/** The bindings alone. */
const BINDINGS_CONSUMER = `
  import { DbConnection } from '@agora/bindings';
  const connection = DbConnection.builder().withUri('ws://x').withDatabaseName('agora').build();
  for (const agent of connection.db.agent.iter()) { const name: string = agent.name; void name; }
  await connection.reducers.heartbeat({ agents: [1n], withinMs: 5 });
  // @ts-expect-error: numbers of agents are bigints
  await connection.reducers.heartbeat({ agents: ['x'], withinMs: 5 });`;
