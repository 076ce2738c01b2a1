// The official client library with bindings of the official generator, against the host.

import { startHost, type Host } from '@agora/host';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DbConnection, tables, type SubscriptionBuilder } from '../../conformance/recordings/generated/probe/index.ts';
import { buildProbeModules } from './bundles.ts';

const DATABASE = 'probe';
const TIMEOUT_MS = 5000;

interface Opened {
  readonly connection: DbConnection;
  readonly identity: string;
  readonly token: string;
  /** Resolves when the connection is over. */
  readonly ended: Promise<void>;
}

let host: Host;
let bundle: Buffer;
const opened: DbConnection[] = [];

beforeAll(async () => {
  bundle = (await buildProbeModules(['probe'])).get('probe') ?? Buffer.alloc(0);
}, 60_000);

describe('the official SDK', () => {
  beforeAll(async () => {
    host = await startHost({ inMemory: true });
    await host.publish(DATABASE, bundle);
  });
  afterEach(() => {
    for (const connection of opened.splice(0)) connection.disconnect();
  });
  afterAll(() => host.close());

  test('connects, and keeps its identity with the token it was given', async () => {
    const first = await connect();
    first.connection.disconnect();
    await within(first.ended);

    const again = await connect(first.token);
    expect(again.identity).toBe(first.identity);
    expect(again.connection.connectionId.isEqual(first.connection.connectionId)).toBe(false);
  });

  test('gets an error for an invalid token', async () => {
    await expect(connect('nonsense')).rejects.toThrow();
  });

  test('sees the rows of its subscription, and changes by its own reducers and those of others', async () => {
    const ada = await connect();
    const bob = await connect();
    const seen: string[] = [];
    ada.connection.db.team.onInsert((_ctx, row) => seen.push(`+${row.title}`));
    await subscribe(ada.connection, builder => builder.subscribe(tables.team));
    await bob.connection.reducers.addTeam({ id: 1, title: 'of bob' });
    await ada.connection.reducers.addTeam({ id: 2, title: 'of ada' });

    expect(seen).toEqual(['+of bob', '+of ada']);
    expect([...ada.connection.db.team.iter()].map(row => row.title).sort()).toEqual(['of ada', 'of bob']);
    expect(ada.connection.db.team.id.find(2)?.title).toBe('of ada');
  });

  test('distinguishes an updated row from an inserted or deleted one', async () => {
    const { connection } = await connect();
    const seen: string[] = [];
    connection.db.person.onInsert((_ctx, row) => seen.push(`+${row.name} ${row.age}`));
    connection.db.person.onUpdate((_ctx, before, after) => seen.push(`${after.name} ${before.age}>${after.age}`));
    connection.db.person.onDelete((_ctx, row) => seen.push(`-${row.name}`));
    await subscribe(connection, builder => builder.subscribe(tables.person.where(row => row.age.gte(18))));
    await connection.reducers.addPerson({ name: 'Ada', age: 36, teamId: 1 });
    const [{ id } = { id: 0 }] = [...connection.db.person.iter()];
    await connection.reducers.setAge({ id, age: 37 });
    await connection.reducers.setAge({ id, age: 10 });

    expect(seen).toEqual(['+Ada 36', 'Ada 36>37', '-Ada']);
  });

  test('distinguishes a refusal from a failure', async () => {
    const { connection } = await connect();
    await expect(connection.reducers.refuse({ why: 'because' })).rejects.toMatchObject({
      name: 'SenderError',
      message: 'because',
    });
    await expect(connection.reducers.crash({ why: 'secret' })).rejects.toMatchObject({
      name: 'InternalError',
      message: 'The instance encountered a fatal error.',
    });
  });

  test('shows each caller its own view', async () => {
    const ada = await connect();
    const bob = await connect();
    const all = (builder: SubscriptionBuilder) => builder.subscribe([tables.myMail, tables.myMailQuery]);
    await subscribe(ada.connection, all);
    await subscribe(bob.connection, all);
    await bob.connection.reducers.sendMail({ to: identityOf(ada.connection), text: 'hello' });
    await ada.connection.reducers.sendMail({ to: identityOf(bob.connection), text: 'hello back' });

    expect([...ada.connection.db.myMail.iter()].map(mail => mail.text)).toEqual(['hello']);
    expect([...bob.connection.db.myMailQuery.iter()].map(mail => mail.text)).toEqual(['hello back']);
  });

  test('receives the rows of an event table once, and stores none', async () => {
    const { connection } = await connect();
    const received: number[] = [];
    connection.db.happening.onInsert((_ctx, row) => received.push(row.n));
    await subscribe(connection, builder => builder.subscribe(tables.happening));
    await connection.reducers.emit({ what: 'boom', n: 3 });

    expect(received).toEqual([0, 1, 2]);
    expect(connection.db.happening.count()).toBe(0n);
  });

  test('calls procedures, and receives the rows they wrote before their result', async () => {
    const { connection } = await connect();
    const traces: string[] = [];
    await subscribe(connection, builder => builder.subscribe(tables.trace));
    connection.db.trace.onInsert((_ctx, row) => traces.push(row.what));

    expect(await connection.procedures.addUp({ a: 2, b: 40 })).toBe(42);
    expect(await connection.procedures.shape({ r: 1.5 })).toEqual({ tag: 'Circle', value: 1.5 });
    await connection.procedures.traceTwice({ what: 'sdk' });
    expect(traces).toEqual(['sdk 1', 'sdk 2']);
    await expect(connection.procedures.brokenProcedure({})).rejects.toBeDefined();
  });

  test('gets the reason of a refused subscription, and continues', async () => {
    const { connection } = await connect();
    await expect(subscribe(connection, builder => builder.subscribe('SELECT * FROM secret'))).rejects.toThrow(
      'no such table: `secret`',
    );
    await connection.reducers.who({});
  });

  test('counts rows of overlapping subscriptions, and unsubscribes one by one', async () => {
    const { connection } = await connect();
    await connection.reducers.addLoose({ a: 7, b: 'x' });
    const one = await subscribe(connection, builder => builder.subscribe(tables.loose.where(row => row.a.eq(7))));
    const two = await subscribe(connection, builder => builder.subscribe('SELECT * FROM loose WHERE a > 6'));
    expect(connection.db.loose.count()).toBe(1n);
    await within(new Promise<void>(resolve => one.unsubscribeThen(() => resolve())));
    expect(connection.db.loose.count()).toBe(1n);
    await within(new Promise<void>(resolve => two.unsubscribeThen(() => resolve())));
    expect(connection.db.loose.count()).toBe(0n);
  });

  test('sends a thousand calls in a tick, and all are executed in order', async () => {
    const { connection } = await connect();
    const rows: bigint[] = [];
    await subscribe(connection, builder => builder.subscribe(tables.trace));
    connection.db.trace.onInsert((_ctx, row) => rows.push(row.id));
    await Promise.all(Array.from({ length: 1000 }, () => connection.reducers.who({})));
    expect(rows).toHaveLength(1000);
    expect(rows).toEqual([...rows].sort((a, b) => Number(a - b)));
  });
});

describe('the official SDK and long frames', () => {
  test.each(['always', 'never'] as const)(
    'receives 10 MB, then the changes, with answers compressed: %s',
    async compression => {
      host = await startHost({ inMemory: true, compression });
      try {
        await host.publish(DATABASE, bundle);
        // A client that came without a token may send 4 MiB.
        const { token } = await connect();
        const writer = await connect(token);
        const long = 'long '.repeat(1_000_000);
        for (const a of [1, 2]) await within(writer.connection.reducers.addLoose({ a, b: long }));
        const reader = await connect();
        const seen: string[] = [];
        reader.connection.db.loose.onInsert((_ctx, row) => seen.push(`+${row.a} ${row.b.length}`));
        const applied = subscribe(reader.connection, builder => builder.subscribe(tables.loose));
        const small = Array.from({ length: 20 }, (_, at) =>
          reader.connection.reducers.addLoose({ a: 100 + at, b: '' }),
        );
        await within(Promise.all([applied, ...small]));
        expect(seen.slice(0, 2).sort()).toEqual([`+1 ${long.length}`, `+2 ${long.length}`]);
        expect(seen.slice(2)).toEqual(small.map((_, at) => `+${100 + at} 0`));
      } finally {
        for (const connection of opened.splice(0)) connection.disconnect();
        await host.close();
      }
    },
  );
});

describe('the official SDK and a host that restarts', () => {
  test('finds its rows and its identity again', async () => {
    const { mkdtemp, rm } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
    const dataDir = await mkdtemp(`${tmpdir()}/agora-restart-`);
    try {
      host = await startHost({ dataDir });
      const { port } = host;
      await host.publish(DATABASE, bundle);
      const before = await connect();
      await before.connection.reducers.addTeam({ id: 5, title: 'kept' });
      await host.close();
      await within(before.ended);

      host = await startHost({ dataDir, port });
      const after = await connect(before.token);
      await subscribe(after.connection, builder => builder.subscribe(tables.team));
      expect(after.identity).toBe(before.identity);
      expect([...after.connection.db.team.iter()]).toEqual([{ id: 5, title: 'kept' }]);
      after.connection.disconnect();
    } finally {
      await host.close();
      await rm(dataDir, { recursive: true });
    }
  });
});

function connect(token?: string): Promise<Opened> {
  let onEnded: () => void = () => undefined;
  const ended = new Promise<void>(resolve => (onEnded = resolve));
  return within(
    new Promise((resolve, reject) => {
      DbConnection.builder()
        .withUri(host.url)
        .withDatabaseName(DATABASE)
        .withToken(token)
        .onConnect((connection, identity, given) => {
          opened.push(connection);
          resolve({ connection, identity: identity.toHexString(), token: given, ended });
        })
        .onConnectError((_ctx, error) => reject(error))
        .onDisconnect(() => onEnded())
        .build();
    }),
  );
}

function subscribe<T>(connection: DbConnection, start: (builder: SubscriptionBuilder) => T): Promise<T> {
  return within(
    new Promise((resolve, reject) => {
      const handle: T = start(
        connection
          .subscriptionBuilder()
          .onApplied(() => resolve(handle))
          .onError(ctx => reject(ctx.event ?? new Error('refused'))),
      );
    }),
  );
}

function identityOf(connection: DbConnection) {
  const { identity } = connection;
  if (identity === undefined) throw new Error('not connected');
  return identity;
}

/** Rejects when a promise does not resolve in time; the library itself waits without a limit. */
async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing happened within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
