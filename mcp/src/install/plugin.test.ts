import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { eventsOf } from '../hook/hook-output.ts';
import { VERSION } from '../version.ts';

const PLUGIN = fileURLToPath(new URL('../../plugin/', import.meta.url));
const read = (path: string): unknown => JSON.parse(readFileSync(`${PLUGIN}${path}`, 'utf8'));

test('the plugin for Claude Code has the version of its package', () => {
  expect(read('.claude-plugin/plugin.json')).toMatchObject({ name: 'agora', version: VERSION });
});

test('the plugin starts the server, and its monitor and hooks only look', () => {
  expect(read('.mcp.json')).toEqual({
    mcpServers: { agora: { type: 'stdio', command: 'agora', args: ['mcp'], env: { AGORA_MCP_WOKEN: '1' } } },
  });
  expect(read('monitors/monitors.json')).toMatchObject([{ command: 'agora wait --follow' }]);
});

test('the plugin has a hook for each event, which calls the running server once that runs', () => {
  const { hooks } = read('hooks/hooks.json') as { hooks: Record<string, unknown> }; // the file of this test
  expect(Object.keys(hooks).sort()).toEqual(eventsOf('claude').sort());
  const { SessionStart, ...others } = hooks;
  expect(SessionStart).toMatchObject([{ hooks: [{ type: 'command', command: 'agora hook claude SessionStart' }] }]);
  for (const [event, groups] of Object.entries(others)) {
    const input = { event, active: '${stop_hook_active}' };
    // A plugin's server has the name of the plugin before its own.
    const hook = { type: 'mcp_tool', server: 'plugin:agora:agora', tool: 'hook', input };
    expect(groups).toEqual([{ hooks: [hook] }]);
  }
});
