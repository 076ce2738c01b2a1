// Who may what: every reducer, procedure and table of the module, tried as the owner of the agent that is meant, as another
// agent's owner, without a token, and as an operator. What the module publishes and is not in these tables fails.

import { randomBytes } from 'node:crypto';
import { DbConnection } from '@agora/bindings';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestHub, type TestHub } from '../support/hub.ts';

const ROLES = ['owner', 'other', 'anonymous', 'operator'] as const;
type Role = (typeof ROLES)[number];

/** What everybody may read; views show each caller their own rows only. */
const PUBLIC = ['agent', 'broadcast_feed', 'event_feed', 'hub_status', 'my_inbox', 'my_workflows'];

const mine = ['ok', 'agent/not-yours', 'agent/not-yours', 'agent/not-yours'] as const;
const readable = ['ok', 'agent/not-yours', 'agent/not-yours', 'ok'] as const;
const anybody = ['ok', 'ok', 'ok', 'ok'] as const;
const operators = ['operator/required', 'operator/required', 'operator/required', 'ok'] as const;
const steering = ['ok', 'workflow/unknown', 'workflow/unknown', 'ok'] as const;

/** Function, arguments, and what each role hears: `ok` or the code of its refusal, in the order of `ROLES`. */
const CALLS: readonly (readonly [string, (scene: Scene) => unknown[], readonly [string, string, string, string]])[] = [
  [
    'register_agent',
    () => ['Ada', 'worker', [], '{}', 0, false],
    ['ok', 'agent/name-taken', 'agent/name-taken', 'agent/name-taken'],
  ],
  ['update_agent', s => [s.ada, null, null, null, null, null], mine],
  ['set_status', s => [s.ada, 'active'], mine],
  ['heartbeat', s => [[s.ada], 0], mine],
  ['attach_agent', s => [s.ada], mine],
  ['detach_agent', s => [s.ada], mine],
  ['go_idle', s => [s.idle, 99, 99], mine],
  ['join_group', s => [s.ada, '#team'], mine],
  ['leave_group', s => [s.idle, '#team'], mine],
  [
    'perform_acts',
    s => [[{ cancel: { agent: s.ada, message: s.message, reason: '' } }]],
    ['ok', 'agent/not-yours', 'agent/not-yours', 'ok'],
  ],
  ['unregister_agent', s => [s.fresh()], readable],
  ['start_workflow', s => [s.id(), s.ada, s.definition], mine],
  ['watch_workflow', s => [s.workflow], steering],
  ['unwatch_workflow', s => [s.workflow], anybody],
  ['pause_workflow', s => [s.workflow], steering],
  ['resume_workflow', s => [s.workflow], steering],
  [
    'retry_step',
    s => [s.workflow, 'none'],
    ['workflow/unknown-step', 'workflow/unknown', 'workflow/unknown', 'workflow/unknown-step'],
  ],
  ['approve_step', s => [s.workflow, 'sign', ''], ['ok', 'workflow/no-approval', 'workflow/no-approval', 'ok']],
  [
    'reject_step',
    s => [s.workflow, 'sign', ''],
    ['workflow/no-approval', 'workflow/no-approval', 'workflow/no-approval', 'workflow/no-approval'],
  ],
  [
    'fork_workflow',
    s => [s.workflow, s.id(), s.ada, 'none'],
    ['workflow/unknown-step', 'agent/not-yours', 'agent/not-yours', 'agent/not-yours'],
  ],
  ['cancel_workflow', s => [s.workflow, ''], steering],
  ['redrive', () => [999], ['dead/unknown', 'dead/unknown', 'dead/unknown', 'dead/unknown']],
  ['purge', () => [999], ['dead/unknown', 'dead/unknown', 'dead/unknown', 'dead/unknown']],
  ['redrive_all', () => [NO_LETTERS], operators],
  ['purge_all', () => [NO_LETTERS], operators],
  ['set_admission', () => ['open'], operators],
  ['admit_identity', () => [[`0x${'1'.repeat(64)}`], ''], operators],
  ['admit_issuer', () => ['https://issuer.example', 'agora', ''], operators],
  ['expel', () => [999], operators],
  ['grant_operator', s => [[s.operatorIdentity]], operators],
  ['revoke_operator', () => [[`0x${'1'.repeat(64)}`]], operators],
  ['set_quota', s => [s.ada, null, null, null, null, null], operators],
  ['clear_quota', s => [s.ada], operators],
  ['set_hub_limits', () => [null, null, null, null], operators],
  ['watch_hub', () => [], operators],
  ['read_events', () => [0, 1], anybody],
  ['my_groups', s => [s.ada], mine],
  ['group_members', s => [s.ada, '#team'], mine],
  ['read_payload', () => [1], ['delivery/unknown', 'delivery/unknown', 'delivery/unknown', 'delivery/unknown']],
  ['read_broadcasts', s => [s.ada, 0, 1], mine],
  ['broadcast_status', s => [s.ada, s.broadcast], mine],
  ['message_status', s => [s.ada, s.message], mine],
  [
    'read_signals',
    s => [s.ada, s.message, 0],
    ['ask/unknown', 'agent/not-yours', 'agent/not-yours', 'agent/not-yours'],
  ],
  ['sent_messages', s => [s.ada, 0, 1], readable],
  ['received_messages', s => [s.ada, 0, 1], readable],
  ['read_reference', s => [s.ada, s.message, s.message], readable],
  ['agent_usage', s => [s.ada], readable],
  ['wake_state', s => [s.ada], readable],
  ['peek_inbox', s => [s.ada, 1], readable],
  ['workflow_steps', s => [s.workflow, 0, 1], steering],
  ['why_waiting', s => [s.workflow, 0, 1], steering],
  ['dead_letters', () => [0, 1, 0, 0], anybody],
  ['hub_overview', () => [], operators],
  ['list_mailboxes', () => [0, 1], operators],
  ['list_operators', () => [], operators],
  ['list_admissions', () => [], operators],
  ['read_message', s => [s.message], operators],
];

/** Run by the hub itself: nobody may call them. */
const INTERNAL = ['sweep_slot', 'sweep_kept', 'init', 'on_connect', 'on_disconnect'];

const NO_LETTERS = { agent: 0, sender: 0, type: 'no_such_type', reason: '', before: 0 };

interface Scene {
  readonly ada: number;
  readonly idle: number;
  readonly message: string;
  readonly broadcast: string;
  readonly workflow: string;
  readonly definition: string;
  readonly operatorIdentity: string;
  id(): string;
  /** Another agent of the owner. */
  fresh(): number;
}

const Issued = z.object({ identity: z.string(), token: z.string() });
const Named = z.object({ name: z.string() });
const Schema = z.object({
  tables: z.array(Named),
  reducers: z.array(Named),
  misc_exports: z.array(z.object({ Procedure: Named.optional() })),
});

let hub: TestHub;
let scene: Scene;
const tokens: Partial<Record<Role, string>> = {};
const spares: number[] = [];

async function request(path: string, role: Role | 'publisher', init: RequestInit = {}): Promise<Response> {
  const token = role === 'publisher' ? hub.ownerToken : tokens[role];
  const headers = {
    'content-type': 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  return fetch(`${hub.url}/v1/database/${hub.database}${path}`, {
    ...init,
    headers,
    signal: AbortSignal.timeout(20_000),
  });
}

/** `ok`, or the code that a call was refused with. */
async function call(role: Role | 'publisher', name: string, args: readonly unknown[]): Promise<string> {
  const response = await request(`/call/${name}`, role, { method: 'POST', body: JSON.stringify(args) });
  const text = await response.text();
  if (response.ok) return 'ok';
  const codes = [...text.matchAll(/\b[a-z]+\/[a-z-]+/g)].map(match => match[0]).filter(code => code !== 'call/refused');
  return codes[0] ?? text;
}

function uuid(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  const rest = randomBytes(8).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(4)}`;
}

function sending(id: string, agent: number, to: string) {
  const blank = {
    headers: '',
    priority: 2,
    answer_within_ms: 0,
    ttl_ms: 0,
    delay_ms: 0,
    in_reply_to: '',
    on_behalf_of: '',
    forward_of: '',
  };
  return { send: { id, agent, to: [to], type: 'note', payload: '{}', ...blank } };
}

beforeAll(async () => {
  hub = await startTestHub();
  let operatorIdentity = '';
  for (const role of ['owner', 'other', 'operator'] as const) {
    const response = await fetch(`${hub.url}/v1/identity`, { method: 'POST', signal: AbortSignal.timeout(20_000) });
    const issued = Issued.parse(await response.json());
    tokens[role] = issued.token;
    if (role === 'operator') operatorIdentity = `0x${issued.identity.replace(/^0x/, '')}`;
  }
  expect(await call('publisher', 'grant_operator', [[operatorIdentity]])).toBe('ok');
  const names = ['Ada', 'Idle', 'Spare1', 'Spare2', 'Spare3', 'Spare4'];
  for (const name of names)
    expect(await call('owner', 'register_agent', [name, 'worker', [], '{}', 0, false])).toBe('ok');
  expect(await call('other', 'register_agent', ['Eve', 'worker', [], '{}', 0, false])).toBe('ok');
  spares.push(3, 4, 5, 6);
  const [message, broadcast, workflow] = [uuid(), uuid(), uuid()];
  const acts = [sending(message, 1, 'Idle'), sending(broadcast, 1, '*')];
  expect(await call('owner', 'perform_acts', [acts])).toBe('ok');
  const definition = JSON.stringify({
    workflow_type: 'signing',
    steps: [
      { action: 'sign', approval: { by: 'Ada' } },
      { agent: 'Idle', action: 'then', depends_on: ['sign'] },
    ],
  });
  expect(await call('owner', 'start_workflow', [workflow, 1, definition])).toBe('ok');
  expect(await call('owner', 'join_group', [1, '#team'])).toBe('ok');
  scene = {
    ada: 1,
    idle: 2,
    message,
    broadcast,
    workflow,
    definition,
    operatorIdentity,
    id: uuid,
    fresh: () => spares.pop() ?? 0,
  };
});

afterAll(() => hub[Symbol.asyncDispose]());

async function schema(): Promise<z.infer<typeof Schema>> {
  return Schema.parse(await (await request('/schema?version=9', 'publisher')).json());
}

describe('who may what', () => {
  test('is written here for everything that the module publishes', async () => {
    const { reducers, misc_exports: others } = await schema();
    const procedures = others.flatMap(each => each.Procedure ?? []);
    expect(procedures.length).toBeGreaterThan(15);
    const known = new Set([...CALLS.map(([name]) => name), ...INTERNAL]);
    expect([...reducers, ...procedures].map(each => each.name).filter(name => !known.has(name))).toEqual([]);
  });

  test.each(CALLS)('%s', async (name, args, expected) => {
    const heard: string[] = [];
    // The others first: what is refused changes nothing, and the owner's call may.
    const order: readonly Role[] = ['other', 'anonymous', 'operator', 'owner'];
    const answers = new Map<Role, string>();
    for (const role of order) answers.set(role, await call(role, name, args(scene)));
    for (const role of ROLES) heard.push(answers.get(role) ?? '');
    expect(heard).toEqual(expected);
  });

  test.each(['sweep_slot', 'sweep_kept'])('%s is the hub’s own', async name => {
    for (const role of ROLES) expect(await call(role, name, [{}])).not.toBe('ok');
  });
});

describe('tables', () => {
  test('are private but for those that everybody follows: by SQL', async () => {
    const { tables } = await schema();
    expect(tables.length).toBeGreaterThan(40);
    for (const { name } of tables) {
      for (const role of ROLES) {
        const response = await request('/sql', role, { method: 'POST', body: `SELECT * FROM ${name}` });
        expect([name, role, response.ok]).toEqual([name, role, PUBLIC.includes(name)]);
      }
    }
  });

  test('are private but for those that everybody follows: by subscription', async () => {
    const { tables } = await schema();
    const names = tables.map(each => each.name);
    for (const role of ['other', 'operator'] as const) {
      const db = await new Promise<DbConnection>((resolve, reject) => {
        DbConnection.builder()
          .withUri(hub.url)
          .withDatabaseName(hub.database)
          .withToken(tokens[role])
          .onConnect(resolve)
          .onConnectError((_context, error) => reject(error))
          .build();
      });
      try {
        const open = await Promise.all(
          names.map(async name => {
            const isOpen = await new Promise<boolean>(resolve => {
              db.subscriptionBuilder()
                .onApplied(() => resolve(true))
                .onError(() => resolve(false))
                .subscribe(`SELECT * FROM ${name}`);
            });
            return isOpen ? [name] : [];
          }),
        );
        const views = ['hub_status', 'my_inbox', 'my_workflows'];
        expect(open.flat().sort()).toEqual(PUBLIC.filter(name => names.includes(name) || !views.includes(name)).sort());
      } finally {
        db.disconnect();
      }
    }
  });

  test('show an inbox to nobody but its owner', async () => {
    const rows = async (role: Role) => {
      const response = await request('/sql', role, { method: 'POST', body: 'SELECT * FROM my_inbox' });
      const [answer] = z.array(z.object({ rows: z.array(z.unknown()) })).parse(await response.json());
      return answer?.rows.length;
    };
    expect(await rows('other')).toBe(0);
    expect(await rows('operator')).toBe(0);
    expect(await rows('anonymous')).toBe(0);
  });
});
