import { CLIENT_CODES } from '@agora/client';
import { CODES } from '@agora/module/contract';
import { expect, test } from 'vitest';
import { CLI_CODES, EXIT, EXIT_OF_PATTERN, exitOf } from './cli-error.ts';

const codes = [...Object.keys(CODES), ...Object.keys(CLIENT_CODES)];

test.each(EXIT_OF_PATTERN.map(([pattern]) => pattern))('the pattern %s matches a code that exists', pattern => {
  expect(codes.filter(code => pattern.test(code))).not.toEqual([]);
});

test('missing permissions, unknown names and lost connections have exit codes of their own', () => {
  expect(codes.filter(code => exitOf(code) === EXIT.forbidden).sort()).toEqual([
    'agent/name-taken',
    'agent/not-yours',
    'connection/bad-token',
    'connection/not-admitted',
    'hub/not-admitted',
    'operator/required',
    'workflow/not-yours',
  ]);
  expect(['agent/unknown', 'workflow/unknown-step', 'message/unknown-recipient'].map(exitOf)).toEqual([6, 6, 6]);
  expect(['connection/refused', 'quota/rate'].map(exitOf)).toEqual([EXIT.connection, EXIT.failed]);
});

test('codes of the command line do not collide with those of the module and the client', () => {
  expect(Object.keys(CLI_CODES).filter(code => codes.includes(code) || !/^cli\/[a-z-]+$/.test(code))).toEqual([]);
});
