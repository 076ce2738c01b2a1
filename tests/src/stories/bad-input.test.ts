// Invalid input is refused with a stable code and a clear sentence, and no row is stored.

import { DbConnection } from '@agora/bindings';
import { AgoraError, ConnectionError, createId, type AgoraClient, type WorkflowDefinition } from '@agora/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';

let hub: TestHub;
let client: AgoraClient;
let stored: readonly unknown[];

/** Every table in which a refused call could leave a row. */
const TABLES = ['agent', 'message', 'offer', 'waiting', 'event_log', 'broadcast_log', 'workflow', 'step', 'ask'];

const everything = () => Promise.all(TABLES.map(table => hub.rows(table)));

beforeAll(async () => {
  hub = await startTestHub();
  client = await hub.join('Careless');
  await hub.join('DocSystemAgent');
});

afterAll(() => hub[Symbol.asyncDispose]());

beforeEach(async () => {
  stored = await everything();
});

async function expectRefusal(refused: Promise<unknown>, code: string, sentence: RegExp): Promise<void> {
  const error: unknown = await refused.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AgoraError);
  expect(error).toMatchObject({ code, message: expect.stringMatching(sentence) as string });
  expect(await everything()).toEqual(stored);
}

const send = (message: object) =>
  client.sendMessage({ toAgent: 'DocSystemAgent', messageType: 'note', payload: {}, ...message });

describe('a message is refused', () => {
  test('to an unknown agent, with similar names as suggestions', () =>
    expectRefusal(
      send({ toAgent: 'DocSystmAgent' }),
      'message/unknown-recipient',
      /"DocSystmAgent"; did you mean "DocSystemAgent"\?$/,
    ));

  test('without a recipient', () => expectRefusal(send({ toAgent: [] }), 'message/no-recipient', /name a recipient/));

  test('to an unknown group or capability, or to everyone together with others', async () => {
    await expectRefusal(send({ toAgent: '#group' }), 'message/unknown-recipient', /#group/);
    await expectRefusal(send({ toAgent: '@fly' }), 'message/unknown-recipient', /fly/);
    await expectRefusal(send({ toAgent: ['*', 'DocSystemAgent'] }), 'message/unsupported-target', /\*/);
  });

  test('whose payload is not JSON', async () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    await expectRefusal(send({ payload: circle }), 'message/bad-payload', /cannot be written as JSON/);
    await expectRefusal(send({ payload: 1n }), 'message/bad-payload', /BigInt/);
    await expectRefusal(send({ payload: undefined }), 'message/bad-payload', /undefined/);
  });

  test('whose payload does not match its standard type', () =>
    expectRefusal(
      send({ messageType: 'capability_announcement', payload: { new_capabilities: [1] } }),
      'message/bad-payload',
      /payload\.agent_name.*payload\.new_capabilities\.0/,
    ));

  test('whose payload is too large', () =>
    expectRefusal(send({ payload: 'x'.repeat(300_000) }), 'message/too-large', /262144 bytes/));

  test.each([0, 5, 2.5, -1, 258])('with priority %d', priority =>
    expectRefusal(send({ priority }), 'message/bad-priority', new RegExp(`priority ${priority} `)),
  );

  test('whose type is invalid', () => expectRefusal(send({ messageType: 'no type!' }), 'message/bad-type', /no type!/));

  test('whose headers are no object, or too long', async () => {
    await expectRefusal(send({ headers: [1] }), 'message/bad-headers', /object/);
    await expectRefusal(send({ headers: { x: 'y'.repeat(20_000) } }), 'message/bad-headers', /16384/);
  });

  test('whose id is invalid, or of another time', async () => {
    await expectRefusal(send({ id: 'mine' }), 'message/bad-id', /"mine"/);
    await expectRefusal(send({ id: '01000000-0000-7000-8000-000000000000' }), 'message/id-too-old', /new id/);
    await expectRefusal(send({ id: 'fff00000-0000-7000-8000-000000000000' }), 'message/id-ahead', /clock/);
  });

  test('that asks several recipients, or has an invalid timeout', async () => {
    await expectRefusal(send({ toAgent: '*', timeout: 1 }), 'message/bad-deadline', /one agent/);
    await expectRefusal(send({ timeout: 0 }), 'message/bad-deadline', /not 0 ms/);
    await expectRefusal(send({ timeout: 1e9 }), 'message/bad-deadline', /86400000/);
  });

  test('under an id that was used for another', async () => {
    const id = createId();
    await send({ id, payload: 1 });
    stored = await everything();
    await expectRefusal(send({ id, payload: 2 }), 'message/id-reused', /new id/);
  });
});

describe('an agent is refused', () => {
  test('with an invalid name', () => {
    expect(() => hub.client('no name')).toThrow(expect.objectContaining({ code: 'agent/bad-name' }));
    expect(() => hub.client('')).toThrow(expect.objectContaining({ code: 'agent/bad-name' }));
  });

  test('with the name of another agent', async () => {
    const thief = hub.client('DocSystemAgent');
    await thief.connect();
    await expectRefusal(thief.registerAgent({ agentType: 'worker' }), 'agent/name-taken', /DocSystemAgent/);
    await expectRefusal(
      thief.sendMessage({ toAgent: 'Careless', messageType: 'note', payload: {} }),
      'client/not-registered',
      /registerAgent/,
    );
  });

  test('with a name that the hub reserves', async () => {
    const system = hub.client('system');
    await system.connect();
    await expectRefusal(system.registerAgent({ agentType: 'worker' }), 'agent/bad-name', /"system"/);
  });

  test.each([
    ['a type that is none', { agentType: '' }, 'agent/bad-type'],
    ['a capability twice', { capabilities: ['a', 'a'] }, 'agent/bad-capability'],
    ['a capability that is no word', { capabilities: ['not a word'] }, 'agent/bad-capability'],
    ['metadata that is no object', { metadata: [1] as never }, 'agent/bad-metadata'],
    ['metadata that is too long', { metadata: { x: 'y'.repeat(20_000) } }, 'agent/bad-metadata'],
    ['more credit than there is', { credit: 257 }, 'agent/bad-credit'],
    ['a credit below nothing', { credit: -1 }, 'agent/bad-credit'],
  ])('with %s', async (_what, changes, code) => {
    await expectRefusal(client.updateAgent(changes), code, /./);
  });

  test('with an invalid status', () =>
    expectRefusal(client.setStatus('asleep' as never), 'agent/bad-status', /"asleep"/));
});

describe('a caller that acts for an agent of another identity', () => {
  test('is refused every act', async () => {
    const [docs] = await client.findAgents({ name: 'DocSystemAgent' });
    const agent = BigInt(docs?.id ?? 0);
    const db = await openRaw();
    const send = { id: createId(), agent, to: ['Careless'], type: 'note', payload: '{}', headers: '', priority: 2 };
    const times = { answerWithinMs: 0, ttlMs: 0n, delayMs: 0n, inReplyTo: '', onBehalfOf: '', forwardOf: '' };
    const notYours = expect.objectContaining({
      message: expect.stringContaining('agent/not-yours') as string,
    }) as unknown;

    const sending = db.reducers.performActs({ acts: [{ tag: 'Send', value: { ...send, ...times } }] });
    await expect(sending).rejects.toEqual(notYours);
    await expect(db.reducers.setStatus({ agent, status: 'away' })).rejects.toEqual(notYours);
    await expect(db.reducers.attachAgent({ agent })).rejects.toEqual(notYours);
    await expect(db.reducers.unregisterAgent({ agent })).rejects.toEqual(notYours);

    expect(await everything()).toEqual(stored);
    db.disconnect();
  });
});

/** A connection of a stranger, below the client. */
function openRaw(): Promise<DbConnection> {
  return new Promise((resolve, reject) => {
    DbConnection.builder()
      .withUri(hub.url)
      .withDatabaseName(hub.database)
      .onConnect(resolve)
      .onConnectError((_context, error) => reject(error))
      .build();
  });
}

describe('an event is refused', () => {
  test('with an invalid type, or one that the hub reserves', async () => {
    await expectRefusal(client.publishEvent({ eventType: 'no type', data: {} }), 'event/bad-type', /"no type"/);
    await expectRefusal(
      client.publishEvent({ eventType: 'system_alert', data: {} }),
      'event/reserved-type',
      /hub itself/,
    );
  });

  test('whose data is not JSON or too long', async () => {
    await expectRefusal(client.publishEvent({ eventType: 'x', data: { n: 1n } }), 'event/bad-data', /BigInt/);
    await expectRefusal(
      client.publishEvent({ eventType: 'x', data: { n: 'y'.repeat(300_000) } }),
      'event/bad-data',
      /262144/,
    );
  });

  test('with an invalid id', () =>
    expectRefusal(client.publishEvent({ eventType: 'x', data: {}, id: 'mine' }), 'event/bad-id', /"mine"/));

  test('with an invalid filter', () =>
    expectRefusal(client.subscribeToEvents(['a.*.b']), 'event/bad-filter', /a\.\*\.b/));
});

describe('a workflow is refused', () => {
  const start = (definition: Partial<WorkflowDefinition>) =>
    client.startWorkflowCoordination({ workflow_type: 'bad', steps: [], ...definition });
  const step = (action: string, ...dependsOn: string[]) => ({ agent: 'DocSystemAgent', action, depends_on: dependsOn });

  test('with a cycle, which the refusal names', () =>
    expectRefusal(
      start({ steps: [step('a', 'c'), step('b', 'a'), step('c', 'b')] }),
      'workflow/bad-definition',
      /wait for each other: .* → .* → /,
    ));

  test('with a dependency on an unknown step', () =>
    expectRefusal(start({ steps: [step('a', 'missing')] }), 'workflow/bad-definition', /no step "missing"/));

  test('with every fault in one refusal', () =>
    expectRefusal(
      start({ participants: ['Ghost'], steps: [step('a'), step('a')] }),
      'workflow/bad-definition',
      /(?=.*Ghost)(?=.*another step has this id)(?=.*not a participant)/,
    ));

  test('without steps, or with unknown keys', async () => {
    await expectRefusal(start({}), 'workflow/bad-definition', /steps/);
    await expectRefusal(
      start({ steps: [{ ...step('a'), after: 'b' } as never] }),
      'workflow/bad-definition',
      /step "a".*after/,
    );
  });

  test('that is unknown', () => expectRefusal(client.workflow(createId()), 'workflow/unknown', /no workflow/));
});

describe('a connection is refused', () => {
  async function expectNone(connecting: Promise<void>, code: string, sentence: RegExp): Promise<void> {
    await expect(connecting).rejects.toBeInstanceOf(ConnectionError);
    await expectRefusal(connecting, code, sentence);
  }

  test('with an invalid token', () =>
    expectNone(
      hub.client('Forger', { token: 'not.a.token' }).connect(),
      'connection/bad-token',
      /does not accept the token/,
    ));

  test('to an address where no server listens', async () => {
    const proxy = await openTcpProxy(hub.url);
    await proxy[Symbol.asyncDispose]();
    const lost = hub.client('Lost', { server: proxy.url });
    await expectNone(lost.connect(), 'connection/refused', new RegExp(`no hub answers at ${proxy.url}; is it running`));
  });

  test('by a server without this database', () =>
    expectNone(
      hub.client('Astray', { database: 'elsewhere' }).connect(),
      'connection/no-database',
      /no database "elsewhere"/,
    ));

  test('of a client that has not connected yet', () =>
    expectNone(hub.client('TooEarly').findAgents().then(), 'client/not-connected', /connect\(\) first/));

  test('to an invalid address', () => {
    expect(() => hub.client('Nowhere', { server: 'somewhere' })).toThrow(
      expect.objectContaining({ code: 'client/bad-option' }),
    );
  });

  test('of a closed client', async () => {
    const closed = await hub.join('Closed');
    await closed.close();
    await closed.close();
    await expect(closed.connect()).rejects.toMatchObject({ code: 'client/closed' });
    await expect(closed.findAgents()).rejects.toMatchObject({ code: 'client/closed' });
  });
});

describe('an invalid frame', () => {
  test('closes its own connection and no other', async () => {
    const url = new URL(`v1/database/${hub.database}/subscribe?compression=None`, hub.url);
    url.protocol = 'ws:';
    const socket = new WebSocket(url, ['v2.bsatn.spacetimedb']);
    await new Promise(resolve => socket.once('message', resolve));

    socket.send(Buffer.from([250, 1, 2, 3]));

    await new Promise(resolve => socket.once('close', resolve));
    expect(await client.findAgents({ name: 'DocSystemAgent', presence: 'online' })).toHaveLength(1);
    expect(await everything()).toEqual(stored);
  });
});
