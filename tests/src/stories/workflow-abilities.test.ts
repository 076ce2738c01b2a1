// Steps besides the work of one agent: for each element, nested workflows, compensation, retries; and loops over a
// workflow.

import { PermanentError, type AgoraClient, type Task } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;
let lead: AgoraClient;

const soon = { timeoutMs: 10_000 };

beforeAll(async () => {
  hub = await startTestHub();
  lead = await hub.join('Lead');
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('a step', () => {
  test('is done for each element of a list, which its handler receives', async () => {
    const worker = await hub.join('Splitter');
    worker.onTask('split', () => ({ parts: ['a', 'b', 'c'] }));
    worker.onTask('work', ({ element, index }) => `${String(element)}${index}`);
    worker.onTask('join', ({ inputs }) => inputs['work']);
    const workflow = await lead.startWorkflowCoordination({
      workflowType: 'each',
      steps: [
        { agent: 'Splitter', action: 'split' },
        {
          agent: 'Splitter',
          action: 'work',
          dependsOn: ['split'],
          forEach: { step: 'split', path: 'parts', concurrency: 2 },
        },
        { agent: 'Splitter', action: 'join', dependsOn: ['work'] },
      ],
    });
    expect((await workflow.result(soon)).outputs).toMatchObject({ join: ['a0', 'b1', 'c2'] });
  });

  test('is a nested workflow that can be followed separately, and whose tasks get its inputs', async () => {
    const tasks = new Received<Task>();
    const worker = await hub.join('Nested');
    worker.onTask('*', task => {
      tasks.add(task);
      return task.action;
    });
    const inner = { workflowType: 'inner', steps: [{ agent: 'Nested', action: 'deep' }] };
    const workflow = await lead.startWorkflowCoordination({
      workflowType: 'outer',
      steps: [
        { agent: 'Nested', action: 'begin' },
        { id: 'in', action: 'in', workflow: inner, dependsOn: ['begin'] },
      ],
    });
    const { steps, outputs } = await workflow.result(soon);
    expect(outputs).toEqual({ begin: 'begin', in: { deep: 'deep' } });
    expect(tasks.items[1]).toMatchObject({ step: 'deep', workflowInputs: { inputs: { begin: 'begin' } } });
    const nested = await lead.workflow(steps[1]?.nestedWorkflowId ?? '');
    expect(nested.status()).toMatchObject({ type: 'inner', status: 'succeeded' });
  });

  test('is compensated when the workflow fails later, and reports that', async () => {
    const undone = new Received<Task>();
    const worker = await hub.join('Booker');
    worker.onTask(['flight', 'hotel'], ({ action }) => ({ booked: action }));
    worker.onTask('cancel', task => undone.add(task));
    worker.onTask('pay', () => {
      throw new PermanentError('no money');
    });
    const compensate = { action: 'cancel' };
    const workflow = await lead.startWorkflowCoordination({
      workflowType: 'trip',
      steps: [
        { agent: 'Booker', action: 'flight', compensate },
        { agent: 'Booker', action: 'hotel', dependsOn: ['flight'], compensate },
        { agent: 'Booker', action: 'pay', dependsOn: ['hotel'], retries: { attempts: 5, backoffMs: 1 } },
      ],
    });
    const { status, reason, steps } = await workflow.result(soon);
    expect([status, reason]).toEqual(['failed', 'step "pay" failed: no money']);
    expect(undone.items).toMatchObject([
      { step: 'hotel', compensates: true, inputs: { hotel: { booked: 'hotel' } } },
      { step: 'flight', compensates: true, inputs: { flight: { booked: 'flight' } } },
    ]);
    expect(steps.map(({ state, tries, compensation }) => [state, tries, compensation])).toEqual([
      ['succeeded', 1, 'done'],
      ['succeeded', 1, 'done'],
      ['failed', 1, undefined],
    ]);
  });

  test('is retried as its retries define when its handler throws', async () => {
    const worker = await hub.join('Flaky');
    let left = 2;
    worker.onTask('try', () => {
      if (left-- > 0) throw new Error('not yet');
      return 'done';
    });
    const steps = [{ agent: 'Flaky', action: 'try', retries: { attempts: 2, backoffMs: 1, jitter: 1 } }];
    const workflow = await lead.startWorkflowCoordination({ workflowType: 'flaky', steps });
    const result = await workflow.result(soon);
    expect(result.steps).toMatchObject([{ state: 'succeeded', tries: 3, output: 'done', error: undefined }]);
  });
});

describe('a loop over the events of a workflow', () => {
  test('ends with the reason of its signal, and the workflow continues', async () => {
    await hub.join('Patient');
    const steps = [{ agent: 'Patient', action: 'wait' }];
    const workflow = await lead.startWorkflowCoordination({ workflowType: 'looped', steps });
    const leaving = new AbortController();
    const types: string[] = [];
    const loop = async () => {
      for await (const { type } of workflow.events({ signal: leaving.signal })) {
        types.push(type);
        if (type === 'step_ready') queueMicrotask(() => leaving.abort(new Error('seen enough')));
      }
    };
    await expect(loop()).rejects.toThrow('seen enough');
    expect(types).toEqual(['workflow_started', 'step_ready']);
    expect(workflow.status()).toMatchObject({ status: 'running' });
    const late = async () => {
      for await (const event of workflow.events({ signal: leaving.signal })) types.push(event.type);
    };
    await expect(late()).rejects.toThrow('seen enough');
  });
});
