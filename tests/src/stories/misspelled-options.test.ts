// Misspelled options in plain JavaScript, which no compiler checks: each is refused with the right name.

import { AgoraClient, createId } from '@agora/client';
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

const MESSAGE = { to: 'B', messageType: 'x', payload: {} };

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
  ['a nested option of the client', () => new AgoraClient('A', { outbox: plain({ maxmessages: 1 }) }), '"maxMessages"'],
  [
    'an option of the backoff',
    () => new AgoraClient('A', { reconnect: plain({ first: 1 }) }),
    'did you mean "firstMs"?',
  ],
  ['a group of types', () => new AgoraClient('A', { types: plain({ message: {} }) }), 'did you mean "messages"?'],
  ['a schema', () => new AgoraClient('A', { types: { messages: { a: plain({ anser: 1 }) } } }), '"answer"?'],
  ['an option of connect', () => client.connect(plain({ retryFor: 1 })), 'did you mean "retryForMs"?'],
  ['an option of a registration', () => client.resumeAgent(plain({ recieves: false })), 'did you mean "receives"?'],
  ['an option of a loop', () => client.watch('notice', plain({ sginal: 1 })), 'did you mean "signal"?'],
  ['a signal in place of options', () => client.groups(plain(AbortSignal.timeout(1))), 'write { signal }'],
  ['a member of a message', () => client.sendMessage({ ...MESSAGE, ...plain({ ttl: 5 }) }), '"ttlMs"'],
  ['a key of the guide', () => client.sendMessage(plain({ to_agent: 'B' }) as never), 'did you mean "toAgent" or'],
  ['a member of an ask', () => client.ask({ ...MESSAGE, ...plain({ timeout_ms: 5 }) }), 'did you mean "timeoutMs"'],
  [
    'a member of a trace',
    () => client.sendMessage({ ...MESSAGE, trace: plain({ traceParent: '' }) }),
    '"traceparent"?',
  ],
  ['a member of a broadcast', () => client.broadcast({ ...MESSAGE, ...plain({ to: '#a' }) }), 'have no "to"'],
  ['an option of forward', () => client.forward('id', 'B', plain({ prio: 5 })), 'did you mean "priority"?'],
  ['an act', () => client.batch([{ do: 'sent' } as never]), 'did you mean "send"'],
  ['a member of an act', () => client.batch([{ do: 'cancel', message: 'x' } as never]), 'did you mean "messageId"?'],
  ['an option of onTask', () => client.onTask('a', () => 1, plain({ concurency: 1 })), 'did you mean "concurrency"?'],
  ['an option of serve', () => client.serve(plain({ handlers: {} })), 'there are: messages, tasks'],
  ['an option of turns', () => client.turns(plain({ limits: 1 })), 'did you mean "limit"?'],
  ['an option of waitForMail', () => client.waitForMail(plain({ timeout: 1 })), 'did you mean "timeoutMs"?'],
  ['an option of takeMail', () => client.takeMail(plain({ max: 1 })), 'there are: limit, signal'],
  ['an option of peekInbox', () => client.peekInbox(plain({ limits: 1 })), 'did you mean "limit"?'],
  ['an option of events', () => client.subscribeToEvents([], plain({ form: 1 })), 'did you mean "from"'],
  ['the key of events in the guide', () => client.subscribeToEvents(plain({ event_types: ['a'] })), '"eventTypes"'],
  ['a member of an event', () => client.publishEvent(plain({ event_type: 'a' }) as never), '"eventType"'],
  ['an option of a workflow', () => client.startWorkflowCoordination(plain({}) as never, plain({ ids: '' })), '"id"'],
  ['a type of a query', () => client.queryCoordinationData({ type: 'agent' as 'agents' }), 'did you mean "agents"?'],
  [
    'a filter of a query',
    () => client.queryCoordinationData({ type: 'agents', filters: plain({ agent_type: 'x' }) }),
    'did you mean "agentType"?',
  ],
  [
    'a filter of workflows',
    () => client.queryCoordinationData({ type: 'workflows', filters: plain({ state: 'x' }) }),
    'did you mean "status"?',
  ],
  ['a filter of watched agents', () => client.watchAgents(plain({ names: 'x' })), 'did you mean "name"?'],
  ['a limit', () => client.operator.setQuota(0, plain({ inbox_length: 1 })), 'did you mean "inboxLength"?'],
  ['a limit of the hub', () => client.operator.setHubLimits(plain({ keepMessages: 1 })), '"keepMessagesMs"'],
  ['a filter of dead letters', () => client.operator.purgeAll(plain({ senders: 1 })), 'did you mean "sender"?'],
  ['a list as a text', () => client.findAgents({ capabilities: 'x' as never }), 'capabilities is a list'],
  ['types as a text', () => client.subscribeToMessages({ filters: { messageTypes: 'x' as never } }), 'is a list'],
  ['a member of a registration', () => client.updateAgent(plain({ agent_type: 'x' })), 'did you mean "agentType"?'],
])('%s', async (_name, call, sentence) => {
  const refused = expect(async () => {
    await call();
  }).rejects;
  await refused.toMatchObject({ code: 'client/bad-option', message: expect.stringContaining(sentence) as string });
});

test('an option of a received message, of its answer, and of a workflow is refused', async () => {
  const worker = await hub.join('Worker');
  const faults: unknown[] = [];
  await worker.subscribeToMessages('q', async (_message, context) => {
    await context.fail('no', plain({ retrys: 0 })).catch((error: unknown) => faults.push(error));
    await context.requireInput('which?');
  });
  const answer = await client.sendMessage({ to: 'Worker', messageType: 'q', payload: {}, timeout: 10 });
  expect(faults).toMatchObject([{ message: expect.stringContaining('did you mean "retry"?') as string }]);
  if (answer.status !== 'input_required') throw new Error(answer.status);
  await expect(answer.reply(1, plain({ timeout: 1 }))).rejects.toThrow('did you mean "timeoutMs"?');
  const steps = [{ agent: 'Worker', action: 'a' }];
  const workflow = await client.startWorkflowCoordination({ workflowType: 'w', steps });
  await expect(workflow.result(plain({ timeout: 1 }))).rejects.toThrow('did you mean "timeoutMs"?');
});

test('the compiler refuses what plain JavaScript would', () => {
  const _calls = [
    // @ts-expect-error -- a message needs a recipient
    () => client.sendMessage({ messageType: 'x', payload: {} }),
    // @ts-expect-error -- two recipients under two names
    () => client.sendMessage({ to: 'A', toAgent: 'B', messageType: 'x', payload: {} }),
    // @ts-expect-error -- there are four priorities
    () => client.sendMessage({ ...MESSAGE, priority: 5 }),
    // @ts-expect-error -- there is no such option
    () => client.sendMessage({ to: 'A', messageType: 'x', payload: {}, ttl: 5 }),
    // @ts-expect-error -- a broadcast has no recipient
    () => client.broadcast({ to: 'A', messageType: 'x', payload: {} }),
    // @ts-expect-error -- there is no such event
    () => client.on('conection', () => undefined),
    // @ts-expect-error -- a list, not a text
    () => client.queryCoordinationData({ type: 'agents', filters: { capabilities: 'x' } }),
    // @ts-expect-error -- the filter of the guide
    () => client.subscribeToMessages({ filters: { message_types: ['x'] }, handler: () => 1 }),
    (timeout: number | undefined) => client.sendMessage({ ...MESSAGE, timeout }),
    () => client.sendMessage({ ...MESSAGE, priority: 'high' }),
    () => client.subscribeToMessages({ filters: { priority: ['high', 4] }, handler: () => 1 }),
  ];
  expect(_calls).toHaveLength(11);
});

test('a priority by name is the priority of its number; another is refused with the near name', async () => {
  const reader = await hub.join('Reader');
  await client.sendMessage({ to: 'Reader', messageType: 'x', payload: {}, priority: 'critical' });
  expect((await reader.peekInbox()).messages).toMatchObject([{ priority: 4 }]);
  const urgent = client.sendMessage({ to: 'Reader', messageType: 'x', payload: {}, priority: 'hihg' as 'high' });
  await expect(urgent).rejects.toMatchObject({
    code: 'message/bad-priority',
    message: expect.stringContaining('did you mean "high"') as string,
  });
});

test('a workflow that is started again under its id is the same workflow', async () => {
  const id = createId();
  const definition = { workflowType: 'w', steps: [{ agent: 'Typist', action: 'a' }] };
  const [one, two] = [
    await client.startWorkflowCoordination(definition, { id }),
    await client.startWorkflowCoordination(definition, { id }),
  ];
  expect([one.workflowId, two.workflowId]).toEqual([id, id]);
  const other = client.startWorkflowCoordination({ ...definition, workflowType: 'other' }, { id });
  await expect(other).rejects.toMatchObject({ code: 'workflow/id-reused' });
});

test('a missing registration, and capabilities that are no list, are refused by name', async () => {
  const register = client.registerAgent.bind(client) as (registration?: object) => Promise<void>;
  await expect(register()).rejects.toMatchObject({ code: 'client/bad-option' });
  await expect(register({ agentType: 'x', capabilities: 'documentation' })).rejects.toThrow('capabilities is a list');
});
