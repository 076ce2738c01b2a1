// Workflows that branch, race, fail and are steered, over real sockets.

import { parseWorkflow, PermanentError, type AgoraClient } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gate, Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;
let lead: AgoraClient;

const soon = { timeoutMs: 10_000 };

beforeAll(async () => {
  hub = await startTestHub();
  lead = await hub.join('Lead');
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('a workflow', () => {
  test('is read from YAML, and runs as a diamond', async () => {
    const worker = await hub.join('Diamond');
    worker.onTask('*', task => Object.keys(task.inputs));
    const definition = await parseWorkflow(`
workflow_type: diamond
steps:
  - { agent: Diamond, action: top }
  - { agent: Diamond, action: left, depends_on: [top] }
  - { agent: Diamond, action: right, depends_on: [top] }
  - { agent: Diamond, action: bottom, depends_on: [left, right] }
`);
    const workflow = await lead.startWorkflowCoordination(definition);
    expect((await workflow.result(soon)).outputs).toEqual({
      top: [],
      left: ['top'],
      right: ['top'],
      bottom: ['left', 'right'],
    });
  });

  test('is refused with all its faults before any call is made', async () => {
    const steps = [
      { action: 'unassigned' },
      { agent: 'Lead', action: 'late', timeoutMs: 0, dependsOn: ['never'] },
      { agent: 'Ghost', action: 'round', dependsOn: ['trip'] },
      { agent: 'Lead', action: 'trip', dependsOn: ['round'] },
    ];
    const refused = lead.startWorkflowCoordination({ workflowType: 'bad', steps });
    const refusal = await refused.catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'workflow/bad-definition' });
    expect(
      String(refusal)
        .replace(/^.*?Error: /, '')
        .split('; '),
    ).toEqual([
      'step "late", timeout_ms: Too small: expected number to be >=1',
      'step "unassigned": name an agent, a capability, an approval, or a workflow',
      'step "round": there is no agent "Ghost"',
      'step "late": there is no step "never"',
      'the steps wait for each other: round → trip → round',
    ]);
  });

  test('assigns a step to a capable agent, and again after a failure', async () => {
    const worker = await hub.join('Able', { capabilities: ['drawing'] });
    worker.onTask('draw', (_, context) => {
      if (!worked) {
        worked = true;
        throw new Error(`attempt ${context.attempt} has no ink`);
      }
      return 'drawn';
    });
    let worked = false;
    const steps = [{ capability: 'drawing', action: 'draw', retries: { attempts: 1, backoffMs: 1 } }];
    const workflow = await lead.startWorkflowCoordination({ workflowType: 'able', steps });
    expect((await workflow.result(soon)).outputs).toEqual({ draw: 'drawn' });
  });

  test('cancels the steps that lose a race', async () => {
    const aborted = gate();
    const started = gate();
    const slow = await hub.join('Slow');
    slow.onTask('search', async (_, { signal }) => {
      signal.addEventListener('abort', aborted.open);
      started.open();
      await aborted.opened;
    });
    const fast = await hub.join('Fast');
    fast.onTask('*', () => started.opened);
    const workflow = await lead.startWorkflowCoordination({
      workflowType: 'race',
      steps: [
        { id: 'slow', agent: 'Slow', action: 'search' },
        { id: 'fast', agent: 'Fast', action: 'search' },
        { id: 'end', agent: 'Fast', action: 'end', dependsOn: ['slow', 'fast'], join: 'any' },
      ],
    });
    const { steps } = await workflow.result(soon);
    expect(steps.map(step => step.state)).toEqual(['cancelled', 'succeeded', 'succeeded']);
    await aborted.opened;
  });

  test('is paused, reports the reason of each wait, and is resumed', async () => {
    const going = gate();
    const started = new Received<string>();
    const worker = await hub.join('Paused');
    worker.onTask('*', async ({ step }) => {
      started.add(step);
      await going.opened;
    });
    const workflow = await lead.startWorkflowCoordination({
      workflowType: 'paused',
      steps: [
        { agent: 'Paused', action: 'one' },
        { agent: 'Paused', action: 'two', dependsOn: ['one'] },
      ],
    });
    await started.first();
    expect(await workflow.whyWaiting()).toMatchObject([
      { step: 'one', waitsFor: 'answer', whom: ['Paused'], until: expect.any(Date) as Date },
      { step: 'two', waitsFor: 'steps', whom: ['one'], until: undefined },
    ]);
    await workflow.pause();
    const types: string[] = [];
    going.open();
    for await (const event of workflow) {
      types.push(event.type);
      if (event.type === 'step_completed' && types.includes('workflow_paused') && !types.includes('workflow_resumed')) {
        expect(await workflow.whyWaiting()).toMatchObject([{ step: 'two', waitsFor: 'resume' }]);
        await workflow.resume();
      }
    }
    expect(types.slice(2, 5)).toEqual(['workflow_paused', 'step_completed', 'workflow_resumed']);
    expect(started.items).toEqual(['one', 'two']);
  });

  test('is cancelled, and the running handler is notified', async () => {
    const started = gate();
    const aborted = gate();
    const worker = await hub.join('Cancelled');
    worker.onTask('*', async (_, { signal }) => {
      signal.addEventListener('abort', aborted.open);
      started.open();
      await aborted.opened;
    });
    const steps = [{ agent: 'Cancelled', action: 'work' }];
    const workflow = await lead.startWorkflowCoordination({ workflowType: 'cancelled', steps });
    await started.opened;
    await workflow.cancel('no longer needed');
    await aborted.opened;
    expect(await workflow.result(soon)).toMatchObject({ status: 'cancelled', reason: 'no longer needed' });
  });

  test('continues from a failed step that is retried', async () => {
    let isMended = false;
    const worker = await hub.join('Mended');
    worker.onTask('*', ({ step }) => {
      if (step === 'one' && !isMended) throw new PermanentError('broken');
      return step;
    });
    const workflow = await lead.startWorkflowCoordination({
      workflowType: 'mended',
      steps: [
        { agent: 'Mended', action: 'one' },
        { agent: 'Mended', action: 'two', dependsOn: ['one'] },
      ],
    });
    expect(await workflow.result(soon)).toMatchObject({ status: 'failed' });
    isMended = true;
    await workflow.retryStep('one');
    expect(await workflow.result(soon)).toMatchObject({ status: 'succeeded', outputs: { one: 'one', two: 'two' } });
  });

  test('has a thousand steps, in a chain or in parallel', { timeout: 60_000 }, async () => {
    const worker = await hub.join('Thousand', { credit: 32 });
    worker.onTask('*', () => 1, { concurrency: 32 });
    const names = Array.from({ length: 1_000 }, (_, at) => `s${at}`);
    const chain = names.map((action, at) => ({
      agent: 'Thousand',
      action,
      dependsOn: at === 0 ? [] : [`s${at - 1}`],
    }));
    const wide = names.map((action, at) => ({ agent: 'Thousand', action, dependsOn: at === 0 ? names.slice(1) : [] }));
    for (const steps of [chain, wide]) {
      const workflow = await lead.startWorkflowCoordination({ workflowType: 'thousand', steps });
      expect(Object.keys((await workflow.result({ timeoutMs: 25_000 })).outputs)).toHaveLength(1_000);
    }
  });
});
