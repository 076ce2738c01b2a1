// Names that do not exist: each refusal has the similar names, and a definition gets all its faults in one answer.

import { defineTypes, type AgoraClient, type AgoraError } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { Received } from '../support/received.ts';

let hub: TestHub;
let boss: AgoraClient;

beforeAll(async () => {
  hub = await startTestHub();
  boss = await hub.join('Boss');
  await hub.join('Writer', { capabilities: ['review'] });
  await boss.joinGroup('#release');
});

afterAll(() => hub[Symbol.asyncDispose]());

const note = { messageType: 'note', payload: {} };

test.each<[name: string, call: () => Promise<unknown>, suggestion: string]>([
  ['an agent', () => boss.sendMessage({ to: 'Wirter', ...note }), 'did you mean "Writer"?'],
  ['a capability', () => boss.sendMessage({ to: '@reviw', ...note }), 'did you mean "@review"?'],
  ['a group', () => boss.sendMessage({ to: '#relase', ...note }), 'did you mean "#release"?'],
  ['the members of a group', () => boss.groupMembers('#releases'), 'did you mean "#release"?'],
])('%s', async (_name, call, suggestion) => {
  await expect(call()).rejects.toThrow(suggestion);
});

test('a message type that is nearly a declared or a standard one: one warning, also of its handler', async () => {
  const types = defineTypes({ messages: { build_request: {} } });
  const plain: AgoraClient = await hub.join('Plain');
  const typed = await hub.join('Typed', {}, { types });
  const warnings = new Received<AgoraError>();
  for (const client of [plain, typed as unknown as AgoraClient]) client.on('warning', error => warnings.add(error));
  for (const messageType of ['documentation_requst', 'documentation_requst', 'build_reqest'])
    await plain.sendMessage({ to: 'Boss', messageType, payload: {} });
  await (typed as unknown as AgoraClient).subscribeToMessages('biuld_request', () => 'done');
  expect(warnings.items.map(({ code, message }) => [code, message])).toEqual([
    ['client/unknown-type', expect.stringContaining('did you mean "documentation_request"?')],
    ['client/unknown-type', expect.stringContaining('did you mean "build_request"?')],
  ]);
});

test('steps and workflows', async () => {
  const steps = [{ agent: 'Writer', action: 'write_docs' }];
  const workflow = await boss.startWorkflowCoordination({ workflowType: 'w', steps });
  const suggestion = 'did you mean "write_docs"?';
  await expect(workflow.retryStep('write_doc')).rejects.toThrow(suggestion);
  await expect(boss.approveStep(workflow.workflowId, 'wite_docs')).rejects.toThrow(suggestion);
  const id = `${workflow.workflowId.slice(0, -1)}x`;
  await expect(boss.workflow(id)).rejects.toThrow(`did you mean "${workflow.workflowId}"?`);
});

describe('a definition with faults of every kind', () => {
  const FAULTS = [
    'step "one", timeout_ms: ',
    'step "one": there is no agent "Wirter" (did you mean "Writer"?)',
    'step "two": no agent ever announced the capability "reviw" (did you mean "review"?)',
    'step "two": there is no step "on" (did you mean "one"?)',
    'participants: there is no agent "Bos" (did you mean "Boss"?)',
  ];

  test('is refused with all of them, in TypeScript and in YAML', async () => {
    const inTypeScript = boss.startWorkflowCoordination({
      workflowType: 'w',
      participants: ['Bos', 'Wirter'],
      steps: [
        { agent: 'Wirter', action: 'one', timeoutMs: 0 },
        { capability: 'reviw', action: 'two', dependsOn: ['on'] },
      ],
    });
    const inYaml = boss.startWorkflowCoordination(`
workflow_type: w
participants: [Bos, Wirter]
steps:
  - { agent: Wirter, action: one, timeout_ms: 0 }
  - { capability: reviw, action: two, depends_on: [on] }
`);
    for (const start of [inTypeScript, inYaml]) {
      const error = await start.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'workflow/bad-definition' });
      for (const fault of FAULTS) expect(String(error)).toContain(fault);
    }
  });

  test('is refused with unknown names only, with the similar ones', async () => {
    const steps = [{ agent: 'Wirter', action: 'one' }];
    const refused = expect(boss.startWorkflowCoordination({ workflowType: 'w', steps })).rejects;
    await refused.toThrow('step "one": there is no agent "Wirter" (did you mean "Writer"?)');
  });

  test('is refused with the faults of declared requirements in the same answer', async () => {
    const types = defineTypes({ tasks: { write: { requirements: z.object({ title: z.string() }) } } });
    const lead = await hub.join('Lead', {}, { types });
    const steps = [{ agent: 'Wirter', action: 'write', requirements: {} }];
    const error: unknown = await lead
      .startWorkflowCoordination({ workflowType: 'w', steps })
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain('requirements.title');
    expect(String(error)).toContain('did you mean "Writer"?');
  });

  test('that is no object is refused as such', async () => {
    const start = boss.startWorkflowCoordination.bind(boss) as (definition: unknown) => Promise<unknown>;
    await expect(start(null)).rejects.toMatchObject({ code: 'workflow/bad-definition' });
    await expect(start('steps: [')).rejects.toMatchObject({ code: 'workflow/bad-definition' });
  });
});
