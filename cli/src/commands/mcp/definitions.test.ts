import { INSTALL_CLIENT_NAMES } from '@agora/mcp/install';
import { expect, test } from 'vitest';
import { CLIENTS } from './definitions.ts';

test('the command line and the MCP package know the same coding agents', () => {
  expect([...CLIENTS].sort()).toEqual([...INSTALL_CLIENT_NAMES].sort());
});
