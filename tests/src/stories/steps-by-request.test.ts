// A step of a workflow goes only to a handler that asks for steps; another one would finish it with a value of no meaning.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

async function start(agent: string) {
  const boss = await hub.join(`Boss-of-${agent}`);
  const steps = [{ agent, action: 'transfer_money' }];
  return boss.startWorkflowCoordination({ workflowType: 'payment', steps });
}

describe('a step', () => {
  test('is not finished by a handler of all messages, and goes to one of tasks', async () => {
    const types = new Received<string>();
    const greeter = await hub.join('Greeter');
    await greeter.subscribeToMessages(message => {
      types.add(message.type);
      return { text: `Hello, ${message.from}!` };
    });
    const workflow = await start('Greeter');
    await (await hub.join('Friend')).sendMessage({ to: 'Greeter', messageType: 'greeting', payload: {} });
    await types.first();
    expect(workflow.status().status).toBe('running');
    greeter.onTask('transfer_money', () => 'transferred');
    expect(await workflow.result()).toMatchObject({ outputs: { transfer_money: 'transferred' } });
    expect(types.items).toEqual(['greeting']);
  });

  test('goes to a handler whose filter names its type', async () => {
    const clerk = await hub.join('Clerk');
    await clerk.subscribeToMessages({ filters: { messageTypes: ['task_assignment'] }, handler: () => 'by the filter' });
    expect(await (await start('Clerk')).result()).toMatchObject({ outputs: { transfer_money: 'by the filter' } });
  });

  test('is not finished by `otherwise` of `serve`, but by its handler of tasks', async () => {
    const stop = new AbortController();
    const teller = await hub.join('Teller');
    const others = new Received<string>();
    const serving = teller.serve({
      tasks: { transfer_money: () => 'served' },
      otherwise: ({ type }) => others.add(type),
      signal: stop.signal,
    });
    expect(await (await start('Teller')).result()).toMatchObject({ outputs: { transfer_money: 'served' } });
    stop.abort();
    await serving;
    expect(others.items).toEqual([]);
  });
});

test('waits without a limit, or of 30 days, do not end immediately', async () => {
  const waiter = await hub.join('Patient');
  const boss = await hub.join('PatientBoss');
  const waits = [Infinity, 30 * 24 * 3_600_000].map(timeoutMs => waiter.waitForMail({ timeoutMs }));
  const workflow = await boss.startWorkflowCoordination({
    workflowType: 'w',
    steps: [{ agent: 'Patient', action: 'a' }],
  });
  expect(await Promise.all(waits)).toEqual([true, true]);
  const result = workflow.result({ timeoutMs: Infinity });
  for (const message of await waiter.takeMail()) await message.respond('done');
  expect(await result).toMatchObject({ status: 'succeeded' });
});
