// "Collaborative Documentation Workflow": three agents, each step with the output of the one before it.

import { PermanentError, type Task } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('a workflow', () => {
  test('runs as the document shows', async () => {
    const tasks = new Received<Task>();
    const docs = await hub.join('DocSystemAgent');
    const review = await hub.join('ReviewAgent');
    const quality = await hub.join('QualityAgent');
    docs.onTask('create_initial_docs', task => {
      tasks.add(task);
      return { file_path: 'docs/api.md' };
    });
    review.onTask('technical_review', async task => {
      tasks.add(task);
      return await Promise.resolve({ approved: true });
    });
    quality.onTask('quality_assessment', task => {
      tasks.add(task);
      return { score: 95 };
    });
    const client = await hub.join('YourAgentName');

    const workflow = await client.startWorkflowCoordination({
      workflow_type: 'documentation_creation',
      participants: ['DocSystemAgent', 'ReviewAgent', 'QualityAgent'],
      steps: [
        {
          agent: 'DocSystemAgent',
          action: 'create_initial_docs',
          requirements: {
            document_type: 'api',
            include_examples: true,
          },
        },
        {
          agent: 'ReviewAgent',
          action: 'technical_review',
          depends_on: ['create_initial_docs'],
        },
        {
          agent: 'QualityAgent',
          action: 'quality_assessment',
          depends_on: ['technical_review'],
        },
      ],
    });

    expect(`Started workflow: ${workflow.workflow_id}`).toMatch(/^Started workflow: [0-9a-f-]{36}$/);
    const result = await workflow.result({ timeoutMs: 10_000 });
    expect(result).toMatchObject({
      status: 'succeeded',
      outputs: {
        create_initial_docs: { file_path: 'docs/api.md' },
        technical_review: { approved: true },
        quality_assessment: { score: 95 },
      },
    });
    expect(tasks.items).toMatchObject([
      { step: 'create_initial_docs', requirements: { document_type: 'api', include_examples: true }, inputs: {} },
      { step: 'technical_review', inputs: { create_initial_docs: { file_path: 'docs/api.md' } } },
      { step: 'quality_assessment', inputs: { technical_review: { approved: true } } },
    ]);
    expect(tasks.items.every(task => task.workflowId === workflow.workflowId)).toBe(true);
    expect(workflow.status()).toMatchObject({ status: 'succeeded', total: 3, ended: 3 });
  });

  test('publishes events from its start to its end, which can also be read later', async () => {
    const worker = await hub.join('EventWorker');
    worker.onTask('*', () => undefined);
    const client = await hub.join('EventStarter');
    const steps = [
      { agent: 'EventWorker', action: 'one' },
      { agent: 'EventWorker', action: 'two', dependsOn: ['one'] },
    ];
    const workflow = await client.startWorkflowCoordination({ workflowType: 'followed', steps });
    await workflow.result({ timeoutMs: 10_000 });

    const types: string[] = [];
    for await (const event of workflow.events()) types.push(event.type);

    expect(types).toEqual([
      'workflow_started',
      'step_ready',
      'step_completed',
      'step_ready',
      'step_completed',
      'workflow_completion',
    ]);
  });

  test('is followed by its participants only', async () => {
    const worker = await hub.join('Participant');
    const stranger = await hub.join('Stranger');
    worker.onTask('work', () => 'done');
    const client = await hub.join('Initiator');
    const steps = [{ agent: 'Participant', action: 'work' }];
    const { workflowId } = await client.startWorkflowCoordination({ workflow_type: 'private', steps });

    const followed = await worker.workflow(workflowId);

    expect(await followed.result({ timeoutMs: 10_000 })).toMatchObject({
      status: 'succeeded',
      outputs: { work: 'done' },
    });
    await expect(stranger.workflow(workflowId)).rejects.toMatchObject({ code: 'workflow/unknown' });
  });

  test('fails with its step, with the reason', async () => {
    const worker = await hub.join('Failing');
    worker.onTask('work', () => {
      throw new PermanentError('the disk is full');
    });
    const client = await hub.join('Hopeful');
    const steps = [
      { agent: 'Failing', action: 'work' },
      { agent: 'Failing', action: 'rest', depends_on: ['work'] },
    ];
    const workflow = await client.startWorkflowCoordination({ workflow_type: 'doomed', steps });

    const result = await workflow.result({ timeoutMs: 10_000 });

    expect(result).toMatchObject({ status: 'failed', reason: expect.stringContaining('the disk is full') as string });
    expect(result.steps.map(step => step.state)).toEqual(['failed', 'cancelled']);
  });

  test('is started with others in one call, of which a refused one fails alone', async () => {
    const worker = await hub.join('Gatherer');
    worker.onTask('*', task => task.action);
    const client = await hub.join('Eager');
    const start = (agent: string, action: string) =>
      client.startWorkflowCoordination({ workflow_type: 'gathered', steps: [{ agent, action }] });

    const [first, faulty, last] = await Promise.allSettled([
      start('Gatherer', 'one'),
      start('Nobody', 'two'),
      start('Gatherer', 'three'),
    ]);

    expect(faulty).toMatchObject({ status: 'rejected', reason: { code: 'workflow/bad-definition' } });
    for (const [started, action] of [[first, 'one'] as const, [last, 'three'] as const]) {
      if (started.status === 'rejected') throw started.reason;
      expect(await started.value.result({ timeoutMs: 10_000 })).toMatchObject({ outputs: { [action]: action } });
    }
  });

  test('assigns its steps also to a listener whose filter names their type, and its return value is the output', async () => {
    const worker = await hub.join('PlainListener');
    await worker.subscribeToMessages({
      filters: { messageTypes: ['task_assignment'] },
      handler: ({ payload }) => ({ did: payload.task['action'] }),
    });
    const client = await hub.join('PlainStarter');
    const steps = [{ agent: 'PlainListener', action: 'anything' }];
    const workflow = await client.startWorkflowCoordination({ workflow_type: 'plain', steps });

    expect(await workflow.result({ timeoutMs: 10_000 })).toMatchObject({ outputs: { anything: { did: 'anything' } } });
  });

  test('without a worker is waited for until the timeout', async () => {
    await hub.join('Idle');
    const client = await hub.join('Impatient');
    const workflow = await client.startWorkflowCoordination({
      workflow_type: 'slow',
      steps: [{ agent: 'Idle', action: 'x' }],
    });
    await expect(workflow.result({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'workflow/timed-out' });
    expect(await client.queryCoordinationData({ type: 'workflows', filters: { status: 'running' } })).toHaveLength(1);
  });
});
