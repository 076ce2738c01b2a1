// The command line of the official inspector against `agora mcp` and `/mcp`: its check of schemas, a call, and a failing call.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startHub, type Hub } from '@agora/hub';
import { createMcpRoute } from '@agora/mcp/http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const INSPECTOR = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js', import.meta.url),
);
const AGORA = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url));
/** The exit code of a call whose result is an error. */
const CALL_FAILED = 5;

let hub: Hub;
let home: string;
let token: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'agora-inspector-'));
  hub = await startHub({ routes: ({ url }) => [createMcpRoute({ server: url, database: 'agora' })] });
  ({ token } = hub.host.mint());
});
afterAll(async () => {
  await hub.close();
  rmSync(home, { recursive: true, force: true });
});

/** The arguments that name a server. */
const TRANSPORTS = {
  stdio: () => {
    const variables = { AGORA_SERVER: hub.url, AGORA_TOKEN: token, AGORA_AGENT: 'Inspector', AGORA_HOME: home };
    const flags = Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    return [process.execPath, AGORA, 'mcp', ...flags];
  },
  http: () => [new URL('/mcp?agent=Inspector', hub.url).href, '--header', `Authorization: Bearer ${token}`],
} as const;

/** Runs the inspector. */
async function inspect(transport: keyof typeof TRANSPORTS, ...flags: string[]) {
  const [target = '', ...rest] = TRANSPORTS[transport]();
  const env = { ...process.env, HOME: home };
  const child = spawn(process.execPath, [INSPECTOR, '--cli', target, ...rest, ...flags], { env, cwd: home });
  const printed = { out: '', err: '' };
  child.stdout.on('data', chunk => (printed.out += String(chunk)));
  child.stderr.on('data', chunk => (printed.err += String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  return { code, ...printed };
}

describe.each(['stdio', 'http'] as const)('over %s', transport => {
  test('the schemas of all tools are portable', { timeout: 60_000 }, async () => {
    const { code, out, err } = await inspect(transport, '--method', 'tools/list', '--strict');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('wait_for_message');
  });

  test('a call returns its result, and a failing one its code', { timeout: 60_000 }, async () => {
    const call = ['--method', 'tools/call', '--tool-name'];
    const whoami = await inspect(transport, ...call, 'whoami');
    expect(whoami.code, whoami.err).toBe(0);
    expect(whoami.out).toContain('"name": "Inspector"');
    const args = ['--tool-arg', 'id=none', '--tool-arg', 'how=done'];
    const failed = await inspect(transport, ...call, 'settle', ...args);
    expect(failed.code, failed.err).toBe(CALL_FAILED);
    expect(failed.out).toContain('mcp/not-held');
  });
});
