// Misspelled options in plain JavaScript, which no compiler checks: each is refused with the right name.

import { AgoraClient } from '@agora/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;
let client: AgoraClient;

beforeAll(async () => {
  hub = await startTestHub();
  client = await hub.join('Typist');
});

afterAll(() => hub[Symbol.asyncDispose]());

/** What plain JavaScript passes: options that the compiler would refuse. */
const plain = (options: object): object => options;

test.each<[name: string, call: () => unknown, sentence: string]>([
  ['an option of the client', () => new AgoraClient('A', plain({ serverr: 'x' })), '"serverr"; did you mean "server"?'],
  ['a name of an event', () => client.on('conection' as 'connection', () => undefined), 'did you mean "connection"?'],
  ['a name of an event in a loop', () => client.watch('warnings' as 'warning'), 'did you mean "warning"?'],
  [
    'a filter',
    () => client.subscribeToMessages({ filters: plain({ message_types: ['x'] }) }),
    'did you mean "messageTypes"?',
  ],
  [
    'an option of a subscription',
    () => client.subscribeToMessages(plain({ handlr: () => 1 })),
    'did you mean "handler"?',
  ],
  ['a filter of agents', () => client.findAgents(plain({ capability: ['x'] })), 'did you mean "capabilities"?'],
  ['a member of a registration', () => client.updateAgent(plain({ agent_type: 'x' })), 'did you mean "agentType"?'],
])('%s', async (_name, call, sentence) => {
  const refused = expect(async () => {
    await call();
  }).rejects;
  await refused.toMatchObject({ code: 'client/bad-option', message: expect.stringContaining(sentence) as string });
});

test('a missing registration, and capabilities that are no list, are refused by name', async () => {
  const register = client.registerAgent.bind(client) as (registration?: object) => Promise<void>;
  await expect(register()).rejects.toMatchObject({ code: 'client/bad-option' });
  await expect(register({ agentType: 'x', capabilities: 'documentation' })).rejects.toThrow('capabilities is a list');
});
