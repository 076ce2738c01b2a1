// Permissions of acts: each act of the module, tried by the owner of the agent or delivery that it names, by the owner of
// another agent, by an identity without an agent, and by an operator. An act of the module without a row here fails.

import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt, type LabAgent, type LabClient } from '../support/module-lab.ts';

const CALLERS = ['other', 'stranger', 'operator', 'owner'] as const;
type CallerRole = (typeof CALLERS)[number];
type Outcomes = Readonly<Record<CallerRole, string>>;
type Fields = Readonly<Record<string, unknown>>;

/** Ada asks, sends and starts; Bo receives and works; Eve has no part in it. */
interface ActScene {
  readonly lab: ModuleLab;
  readonly ada: LabAgent;
  readonly bo: LabAgent;
  readonly eve: LabAgent;
  readonly id: string;
}

/** One act: its tag, the owner of the agent or delivery that it names, its fields in a fresh scene, and the outcomes. */
interface ActRow {
  readonly act: string;
  readonly about?: string;
  readonly owner: 'ada' | 'bo';
  readonly fields: (scene: ActScene) => Fields;
  readonly outcomes: Outcomes;
}

const ofAgent: Outcomes = all('agent/not-yours');
const ofDelivery: Outcomes = all('delivery/unknown');

/** For the owner alone; others are refused with `code`. */
function all(code: string): Outcomes {
  return { other: code, stranger: code, operator: code, owner: 'ok' };
}

const ROWS: readonly ActRow[] = [
  { act: 'Send', owner: 'ada', fields: ({ ada, id }) => ada.message({ id, to: ['Bo'] }), outcomes: ofAgent },
  {
    act: 'Publish',
    owner: 'ada',
    fields: ({ ada, id }) => ({ id, agent: ada.id, type: 'build.done', data: '{}', headers: '' }),
    outcomes: ofAgent,
  },
  {
    act: 'StartWorkflow',
    owner: 'ada',
    fields: ({ ada, id }) => ({ id, agent: ada.id, definition: DEFINITION }),
    outcomes: ofAgent,
  },
  { act: 'UnwatchWorkflow', owner: 'ada', fields: scene => ({ workflow: startWorkflow(scene) }), outcomes: all('ok') },
  {
    act: 'Cancel',
    owner: 'ada',
    fields: ({ ada }) => ({ agent: ada.id, message: ada.send('Bo'), reason: '' }),
    outcomes: { ...ofAgent, operator: 'ok' },
  },
  {
    act: 'Cancel',
    about: 'by an agent that did not send the message',
    owner: 'bo',
    fields: ({ ada, eve }) => ({ agent: eve.id, message: ada.send('Bo'), reason: '' }),
    outcomes: { other: 'message/unknown', stranger: 'agent/not-yours', operator: 'ok', owner: 'agent/not-yours' },
  },
  { act: 'Claim', owner: 'ada', fields: claimOf, outcomes: ofAgent },
  { act: 'ExtendClaim', owner: 'ada', fields: scene => ({ ...claimHeld(scene), ms: 5_000 }), outcomes: ofAgent },
  { act: 'ReleaseClaim', owner: 'ada', fields: claimHeld, outcomes: ofAgent },
  {
    act: 'Fence',
    owner: 'ada',
    fields: scene => ({ ...claimHeld(scene), number: 1, acts: 1 }),
    outcomes: all('claim/outdated'),
  },
  { act: 'Reply', owner: 'ada', fields: scene => replyTo(scene, scene.ada), outcomes: ofAgent },
  {
    act: 'Reply',
    about: 'by an agent that did not ask',
    owner: 'bo',
    fields: scene => replyTo(scene, scene.eve),
    outcomes: { ...all('agent/not-yours'), other: 'ask/unknown', owner: 'agent/not-yours' },
  },
  { act: 'Acknowledge', owner: 'bo', fields: messageHeld, outcomes: ofDelivery },
  {
    act: 'Acknowledge',
    about: 'of a notice',
    owner: 'ada',
    fields: scene => {
      scene.bo.act({ Fail: { ...askHeld(scene), reason: 'no', retry: false } });
      return { delivery: scene.ada.inbox()[0]?.['id'], attempt: 0 };
    },
    outcomes: ofDelivery,
  },
  { act: 'Fail', owner: 'bo', fields: s => ({ ...messageHeld(s), reason: '', retry: true }), outcomes: ofDelivery },
  { act: 'Respond', owner: 'bo', fields: s => ({ ...askHeld(s), ...answer(s, 'success') }), outcomes: ofDelivery },
  { act: 'Extend', owner: 'bo', fields: s => ({ ...messageHeld(s), ms: 1_000 }), outcomes: ofDelivery },
  { act: 'Progress', owner: 'bo', fields: s => ({ ...askHeld(s), number: 1, data: '1' }), outcomes: ofDelivery },
  { act: 'FinishStep', owner: 'bo', fields: s => ({ ...stepHeld(s), output: '1' }), outcomes: ofDelivery },
  { act: 'FailStep', owner: 'bo', fields: s => ({ ...stepHeld(s), error: '', retry: false }), outcomes: ofDelivery },
  {
    act: 'AcknowledgeBroadcast',
    owner: 'bo',
    fields: scene => ({ agent: scene.bo.id, seq: broadcast(scene) }),
    outcomes: ofAgent,
  },
  {
    act: 'FailBroadcast',
    owner: 'bo',
    fields: scene => ({ agent: scene.bo.id, seq: broadcast(scene), attempt: 1, reason: '', retry: true }),
    outcomes: ofAgent,
  },
];

const DEFINITION = JSON.stringify({ workflow_type: 'test', steps: [{ agent: 'Bo', action: 'work' }] });

function startWorkflow({ lab, ada }: ActScene): string {
  const id = uuidAt(lab.nowMs, 1);
  ada.act({ StartWorkflow: { id, agent: ada.id, definition: DEFINITION } });
  return id;
}

function held({ bo }: ActScene): Fields {
  const [row] = bo.inbox();
  return { delivery: row?.['id'], attempt: row?.['attempt'] };
}
function messageHeld(scene: ActScene): Fields {
  scene.ada.send('Bo');
  return held(scene);
}
function askHeld(scene: ActScene): Fields {
  scene.ada.send('Bo', { answerWithinMs: 60_000 });
  return held(scene);
}
function stepHeld(scene: ActScene): Fields {
  startWorkflow(scene);
  return held(scene);
}
function broadcast({ ada }: ActScene): number {
  ada.send('*');
  return 1;
}
function answer({ lab }: ActScene, status: string): Fields {
  return { id: uuidAt(lab.nowMs, 2), status, data: '1', error: '' };
}

/** The fields of a claim of Ada. */
function claimOf({ ada, id }: ActScene): Fields {
  const resources = [{ kind: 'path', key: 'src/**' }];
  return { id, agent: ada.id, resources, shared: false, leaseMs: 0, waitMs: 0, note: '' };
}

/** A claim that Ada holds. */
function claimHeld(scene: ActScene): Fields {
  scene.ada.act({ Claim: claimOf(scene) });
  return { claim: scene.id };
}

/** A reply of `replier` to the question that Bo asked back. */
function replyTo(scene: ActScene, replier: LabAgent): Fields {
  const ask = scene.ada.send('Bo', { answerWithinMs: 60_000 });
  scene.bo.act({ Respond: { ...held(scene), ...answer(scene, 'input_required') } });
  return { id: scene.id, agent: replier.id, ask, payload: '1', answerWithinMs: 0 };
}

async function openScene(): Promise<ActScene> {
  const lab = await ModuleLab.open();
  const [ada, bo, eve] = [lab.register('Ada'), lab.register('Bo'), lab.register('Eve')];
  for (const agent of [ada, bo, eve]) agent.attach();
  return { lab, ada, bo, eve, id: uuidAt(lab.nowMs, 3) };
}

/** `ok`, or the code of the refusal. */
function outcomeOf(caller: LabClient, act: Fields): string {
  return caller.refusalCode('perform_acts', { acts: [act] }) ?? 'ok';
}

/** The acts of the module that have no row. */
function actsWithoutRow(acts: readonly string[]): string[] {
  return acts.filter(act => !ROWS.some(row => row.act === act));
}

describe('the acts of the module', () => {
  test('have a row each', async () => {
    await using lab = await ModuleLab.open();
    const acts = lab.acts();
    expect(acts).toContain('Send');
    expect(actsWithoutRow(acts)).toEqual([]);
    expect(ROWS.map(({ act }) => act).filter(act => !acts.includes(act))).toEqual([]);
  });

  test('are named when they have no row', () => {
    expect(actsWithoutRow(['Send', 'Planted'])).toEqual(['Planted']);
  });
});

describe('permission of the act', () => {
  test.each(ROWS.map(row => ({ ...row, title: row.about ? `${row.act}, ${row.about}` : row.act })))(
    '$title',
    async ({ act, owner, fields, outcomes }) => {
      const scene = await openScene();
      await using lab = scene.lab;
      const callers = { other: scene.eve, stranger: lab.visitor(), operator: lab.owner, owner: scene[owner] };
      const named = { [act]: fields(scene) };
      const found: Partial<Record<CallerRole, string>> = {};
      for (const role of CALLERS) {
        const before = rowsOf(lab);
        found[role] = outcomeOf(callers[role], named);
        if (found[role] !== 'ok') expect(rowsOf(lab), `rows after the refusal of ${role}`).toEqual(before);
      }
      expect(found).toEqual(outcomes);
    },
  );

  test('UnwatchWorkflow removes the watch of its caller only', async () => {
    const scene = await openScene();
    await using lab = scene.lab;
    const workflow = startWorkflow(scene);
    for (const caller of [scene.eve, lab.visitor(), lab.owner]) outcomeOf(caller, { UnwatchWorkflow: { workflow } });
    expect(lab.rows('workflow_watch')).toHaveLength(1);
    scene.ada.act({ UnwatchWorkflow: { workflow } });
    expect(lab.rows('workflow_watch')).toEqual([]);
  });
});

function rowsOf(lab: ModuleLab): Record<string, unknown> {
  return Object.fromEntries(lab.tables().map(table => [table, lab.rows(table)]));
}
