// The official conformance suite for servers, in the two revisions that clients speak, against `/mcp` of a hub.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startHub, type Hub } from '@agora/hub';
import { createMcpRoute, type McpCaller } from '@agora/mcp/http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addConformanceTools } from './support/conformance-tools.ts';

const SUITE = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);

let hub: Hub;
let folder: string;
let caller: McpCaller | undefined;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agora-conformance-'));
  hub = await startHub({
    routes: ({ url }) => {
      const route = createMcpRoute({ server: url, database: 'agora', extend: addConformanceTools });
      // The suite sends no token.
      const authenticate = () => Promise.resolve((caller ??= hub.host.mint()));
      return [{ ...route, handle: request => route.handle(request, { authenticate }) }];
    },
  });
});
afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each(['2026-07-28', '2025-11-25'])(
  'the server meets the requirements of %s',
  { timeout: 120_000 },
  async revision => {
    const url = new URL('/mcp?agent=Conformance', hub.url).href;
    const expected = fileURLToPath(new URL(`./support/expected-failures-${revision}.yaml`, import.meta.url));
    const args = ['server', '--url', url, '--requirements', revision, '--expected-failures', expected];
    const child = spawn(process.execPath, [SUITE, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (printed += String(chunk)));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code, printed.slice(-4_000)).toBe(0);
    expect(printed).toContain('tools-call-simple-text');
  },
);
