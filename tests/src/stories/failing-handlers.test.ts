// A handler that throws: its program, its sender and its traces show it.

import type { AgoraError } from '@agora/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { gate, Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

const OF_JOBS = { messageTypes: ['job'] } as const;

test('an exception is on the console with its stack and counts as a failed attempt', async () => {
  const shown = new Received<string>();
  const console = vi.spyOn(globalThis.console, 'warn').mockImplementation((text: string) => shown.add(text));
  try {
    const worker = await hub.join('Buggy');
    const sender = await hub.join('Sender');
    await worker.subscribeToMessages({
      filters: OF_JOBS,
      handler: function deepInTheProgram({ payload }) {
        return (payload as { nothing: { deep: unknown } }).nothing.deep;
      },
    });
    const { messageId } = await sender.sendMessage({ to: 'Buggy', messageType: 'job', payload: {} });

    const text = await shown.first();
    expect(text).toMatch(/the handler of job .* from "Sender" threw in attempt 1: Cannot read properties of undefined/);
    expect(text).toMatch(/at deepInTheProgram .*failing-handlers/s);
    await expect.poll(async () => (await sender.messageStatus(messageId))[0]?.attempt, { timeout: 10_000 }).toBe(2);
  } finally {
    console.mockRestore();
  }
});

test('an exception in `serve` and in a handler of tasks or events is a warning with its cause', async () => {
  const warnings = new Received<AgoraError>();
  const stop = new AbortController();
  const worker = await hub.join('ServingBuggy');
  worker.on('warning', warnings.add);
  const fault = new Error('a bug');
  const fail = () => {
    throw fault;
  };
  const serving = worker.serve({
    messages: { job: fail },
    tasks: { build: fail },
    events: { tick: fail },
    signal: stop.signal,
  });
  const sender = await hub.join('Boss');
  await sender.sendMessage({ to: 'ServingBuggy', messageType: 'job', payload: 1 });
  await warnings.atLeast(1);
  await sender.publishEvent({ eventType: 'tick', data: {} });
  await warnings.atLeast(2);
  await sender.startWorkflowCoordination({ workflowType: 'w', steps: [{ agent: 'ServingBuggy', action: 'build' }] });

  for (const { code, cause } of await warnings.atLeast(3))
    expect({ code, cause }).toEqual({ code: 'client/handler-failed', cause: fault });
  stop.abort();
  await serving;
});

test('the late result of an attempt that the hub took back is a warning', async () => {
  const warnings = new Received<AgoraError>();
  const worker = await hub.join('Late');
  worker.on('warning', warnings.add);
  const begun = gate();
  const finish = gate();
  await worker.subscribeToMessages({
    filters: OF_JOBS,
    handler: async (_message, { attempt, extend, signal }) => {
      if (attempt > 1) return;
      await extend(1);
      begun.open();
      await new Promise(resolve => signal.addEventListener('abort', resolve));
      await finish.opened;
      return 'too late';
    },
  });
  const sender = await hub.join('Impatient');
  await sender.sendMessage({ to: 'Late', messageType: 'job', payload: 1 });
  await begun.opened;
  finish.open();

  const { code, message } = await warnings.first();
  expect(code).toBe('delivery/stale-attempt');
  expect(message).toContain('attempt 1');
});
