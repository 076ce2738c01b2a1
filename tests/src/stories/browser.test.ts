// The client bundled for browsers: it contains no module of Node.js, and its token is kept in `localStorage`. The test
// runs it on Node.js, which has the same globals.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';

const CLIENT = fileURLToPath(import.meta.resolve('@agora/client'));
const run = promisify(execFile);

let hub: TestHub;
let folder: string;

beforeAll(async () => {
  hub = await startTestHub();
  folder = await mkdtemp(join(tmpdir(), 'agora-browser-'));
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test('a bundle for browsers contains no module of Node.js, and has the same identity at each visit', async () => {
  const warnings: string[] = [];
  const bundler = await rolldown({
    input: CLIENT,
    platform: 'browser',
    onLog: (_, { message }) => warnings.push(message),
  });
  const { output } = await bundler.write({ dir: folder, entryFileNames: 'client.mjs', format: 'esm' });
  await bundler.close();
  expect(warnings).toEqual([]);
  const code = output.map(each => (each.type === 'chunk' ? each.code : '')).join('\n');
  expect(code).not.toMatch(/["']node:/);

  const page = `
    import { AgoraClient } from './client.mjs';
    await using client = new AgoraClient('Page', ${JSON.stringify({ server: hub.url, database: hub.database })});
    await client.connect();
    console.log(client.identity, localStorage.length);
  `;
  await writeFile(join(folder, 'page.mjs'), page);
  const flags = ['--no-warnings', '--experimental-webstorage', `--localstorage-file=${join(folder, 'storage')}`];
  const visit = async () => (await run(process.execPath, [...flags, join(folder, 'page.mjs')])).stdout;
  const first = await visit();
  expect(first).toMatch(/^[0-9a-f]{64} 1\n$/);
  expect(await visit()).toBe(first);
});
