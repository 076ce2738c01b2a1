// Permissions of every reducer, procedure, table and view of the module, tried by the owner of the agent that a call names,
// by the owner of another agent, without a token, and by an operator. A published function, table or view without a row here
// fails. The acts of `perform_acts` have their rows in `../module/privacy-acts.test.ts`.

import { DbConnection } from '@agora/bindings';
import { createId } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestHub, type TestHub } from '../support/hub.ts';

const ROLES = ['owner', 'other', 'anonymous', 'operator'] as const;
type Role = (typeof ROLES)[number];

/** Readable by every caller. */
const PUBLIC_TABLES = ['agent', 'broadcast_feed', 'claim', 'event_feed'];
/** Readable by every caller; each sees its own rows. */
const PUBLIC_VIEWS = ['hub_status', 'my_inbox', 'my_workflows'];
const PUBLIC = [...PUBLIC_TABLES, ...PUBLIC_VIEWS].sort();

const mine = ['ok', 'agent/not-yours', 'agent/not-yours', 'agent/not-yours'] as const;
const readable = ['ok', 'agent/not-yours', 'agent/not-yours', 'ok'] as const;
const everyone = ['ok', 'ok', 'ok', 'ok'] as const;
const operators = ['operator/required', 'operator/required', 'operator/required', 'ok'] as const;
const steering = ['ok', 'workflow/unknown', 'workflow/unknown', 'ok'] as const;

/** Function, arguments, and the outcome for each role: `ok` or the code of its refusal, in the order of `ROLES`. */
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
  ['attach_process', s => [s.ada, false, [], 0], mine],
  ['declare_concurrency', s => [s.ada, 0], mine],
  ['detach_agent', s => [s.ada], mine],
  ['go_idle', s => [s.fresh(), 99, 99], mine],
  ['create_group', s => [s.ada, '#team', 'open'], mine],
  ['invite_to_group', s => [s.ada, '#team', 'Idle'], mine],
  ['remove_from_group', s => [s.ada, '#team', 'Idle'], mine],
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
  ['unwatch_workflow', s => [s.workflow], everyone],
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
  ['set_hub_limits', () => [null, null, null, null, null], operators],
  ['watch_hub', () => [], operators],
  ['break_claim', () => ['none', ''], ['operator/required', 'operator/required', 'operator/required', 'claim/unknown']],
  ['claims_on', () => [[{ kind: 'path', key: 'src/**' }], 1], everyone],
  ['contract_version', () => [], everyone],
  ['read_events', () => [0, 1], everyone],
  ['my_groups', s => [s.ada], mine],
  ['group_members', s => [s.ada, '#team'], mine],
  ['group_changes', s => [s.ada, '#team', 0, 10], mine],
  ['read_payload', () => [1], ['delivery/unknown', 'delivery/unknown', 'delivery/unknown', 'delivery/unknown']],
  ['read_broadcasts', s => [s.ada, 0, 1], mine],
  ['broadcast_status', s => [s.ada, s.broadcast], mine],
  ['message_status', s => [s.ada, s.message], mine],
  ['ask_state', s => [s.ada, s.message], ['ask/unknown', 'agent/not-yours', 'agent/not-yours', 'agent/not-yours']],
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
  ['dead_letters', () => [0, 1, 0, 0], everyone],
  ['hub_overview', () => [], operators],
  ['list_mailboxes', () => [0, 1], operators],
  ['longest_queues', () => [0, 1], operators],
  ['list_messages', () => [0, 1, '', ''], operators],
  ['list_groups', () => ['', 1], operators],
  ['hub_settings', () => [], operators],
  ['list_workflows', () => [0, 1, '', ''], everyone],
  ['list_agents', () => [0, 1, '', '', ''], everyone],
  ['message_attempts', s => [s.ada, s.message], readable],
  ['list_operators', () => [], operators],
  ['list_admissions', () => [], operators],
  ['read_message', s => [s.message], operators],
];

/** Run by the hub itself; refused to every caller. */
const INTERNAL = ['sweep_slot', 'sweep_kept', 'watch_timers', 'init', 'on_connect', 'on_disconnect'];

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
  tables: z.array(Named.extend({ table_access: z.record(z.string(), z.unknown()) })),
  reducers: z.array(Named),
  misc_exports: z.array(z.object({ Procedure: Named.optional(), View: Named.optional() })),
});
type Schema = z.infer<typeof Schema>;

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
  // One spare agent for each role in each row that changes or removes its agent.
  const names = ['Ada', 'Idle', ...Array.from({ length: 8 }, (_, index) => `Spare${index + 1}`)];
  for (const name of names)
    expect(await call('owner', 'register_agent', [name, 'worker', [], '{}', 0, false])).toBe('ok');
  expect(await call('other', 'register_agent', ['Eve', 'worker', [], '{}', 0, false])).toBe('ok');
  spares.push(3, 4, 5, 6, 7, 8, 9, 10);
  const [message, broadcast, workflow] = [createId(), createId(), createId()];
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
    id: createId,
    fresh: () => spares.pop() ?? 0,
  };
});

afterAll(() => hub[Symbol.asyncDispose]());

async function schema(): Promise<Schema> {
  return Schema.parse(await (await request('/schema?version=9', 'publisher')).json());
}

function viewsOf({ misc_exports: others }: Schema): string[] {
  return others.flatMap(({ View }) => View?.name ?? []);
}

/** Names of functions, public tables and views that the module publishes and that have no row here. */
function withoutRow({ tables, reducers, misc_exports: others }: Schema): string[] {
  const calls = new Set([...CALLS.map(([name]) => name), ...INTERNAL]);
  const functions = [...reducers, ...others.flatMap(({ Procedure }) => Procedure ?? [])];
  const open = tables.filter(({ table_access: access }) => 'Public' in access);
  return [
    ...functions.map(({ name }) => name).filter(name => !calls.has(name)),
    ...open.map(({ name }) => name).filter(name => !PUBLIC_TABLES.includes(name)),
    ...others.flatMap(({ View }) => View?.name ?? []).filter(name => !PUBLIC_VIEWS.includes(name)),
  ];
}

describe('published functions, tables and views', () => {
  test('have a row here each', async () => {
    const published = await schema();
    expect(published.misc_exports.filter(({ Procedure }) => Procedure).length).toBeGreaterThan(15);
    expect(withoutRow(published)).toEqual([]);
    expect(viewsOf(published).sort()).toEqual(PUBLIC_VIEWS);
  });

  test('are named when they have no row', async () => {
    const { tables, reducers, misc_exports: others } = await schema();
    const planted = {
      tables: [...tables, { name: 'open_table', table_access: { Public: [] } }],
      reducers: [...reducers, { name: 'do_all' }],
      misc_exports: [...others, { Procedure: { name: 'read_all' } }, { View: { name: 'my_agents' } }],
    };
    expect(withoutRow(planted)).toEqual(['do_all', 'read_all', 'open_table', 'my_agents']);
  });
});

describe('calls', () => {
  test.each(CALLS)('%s', async (name, args, expected) => {
    // The owner last: a refused call changes nothing, the owner's may.
    const order: readonly Role[] = ['other', 'anonymous', 'operator', 'owner'];
    const outcomes = new Map<Role, string>();
    for (const role of order) outcomes.set(role, await call(role, name, args(scene)));
    expect(ROLES.map(role => outcomes.get(role))).toEqual(expected);
  });

  test.each(['sweep_slot', 'sweep_kept', 'watch_timers'])('%s is refused to every caller', async name => {
    for (const role of ROLES) expect(await call(role, name, [{}])).not.toBe('ok');
  });
});

describe('tables and views', () => {
  test('are private but for those that every caller may read: by SQL', async () => {
    const published = await schema();
    expect(published.tables.length).toBeGreaterThan(40);
    for (const name of [...published.tables.map(each => each.name), ...viewsOf(published)]) {
      for (const role of ROLES) {
        const response = await request('/sql', role, { method: 'POST', body: `SELECT * FROM ${name}` });
        expect([name, role, response.ok]).toEqual([name, role, PUBLIC.includes(name)]);
      }
    }
  });

  test('are private but for those that every caller may read: by subscription', async () => {
    const published = await schema();
    const names = [...published.tables.map(each => each.name), ...viewsOf(published)];
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
        expect(open.flat().sort()).toEqual(PUBLIC);
      } finally {
        db.disconnect();
      }
    }
  });

  test('show an inbox and the workflows of a caller to that caller only', async () => {
    const rows = async (view: string, role: Role) => {
      const response = await request('/sql', role, { method: 'POST', body: `SELECT * FROM ${view}` });
      const [answer] = z.array(z.object({ rows: z.array(z.unknown()) })).parse(await response.json());
      return answer?.rows.length;
    };
    expect(await call('owner', 'watch_workflow', [scene.workflow])).toBe('ok');
    expect(await rows('my_workflows', 'owner')).toBeGreaterThan(0);
    for (const view of ['my_inbox', 'my_workflows']) {
      for (const role of ['other', 'anonymous', 'operator'] as const) {
        expect([view, role, await rows(view, role)]).toEqual([view, role, 0]);
      }
    }
  });
});
