// The test kit for modules, tested with a module that uses all of its features.

import { once } from 'node:events';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, test } from 'vitest';
import { bundleModule } from '../guest/testing/bundle-module.ts';
import { BsatnWriter } from '../sats/writer.ts';
import { CallRefused } from './test-client.ts';
import { identityOf, TestDatabase } from './test-database.ts';

const bundle = bundleModule(`
  import { ScheduleAt } from 'spacetimedb';
  import { Router, schema, SenderError, SyncResponse, table, t } from 'spacetimedb/server';
  const Shape = t.enum('Shape', { Circle: t.f64(), Square: t.object('Square', { sideLength: t.u32() }), Dot: t.unit() });
  const thing = table({}, {
    id: t.u64().primaryKey().autoInc(), owner: t.identity(), madeAt: t.timestamp(), niceName: t.option(t.string()),
    shape: Shape, bytes: t.byteArray(), big: t.u256(), list: t.array(t.i16()),
  });
  const visit = table({ public: true }, { id: t.connectionId().primaryKey(), who: t.identity() });
  const letter = table({ public: true }, { id: t.u32().primaryKey(), owner: t.identity().index('btree') });
  const alarm = table({ scheduled: (): any => ring }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt() });
  const rung = table({ public: true }, { at: t.timestamp() });
  const db = schema({ thing, visit, letter, alarm, rung });
  export default db;
  export const own = db.clientVisibilityFilter.sql('SELECT * FROM letter WHERE owner = :sender');
  export const write = db.reducer({ id: t.u32() }, (ctx, { id }) => { ctx.db.letter.insert({ id, owner: ctx.sender }); });
  export const make = db.reducer(
    { niceName: t.option(t.string()), shape: Shape, bytes: t.byteArray(), big: t.u256(), list: t.array(t.i16()) },
    (ctx, args) => { ctx.db.thing.insert({ id: 0n, owner: ctx.sender, madeAt: ctx.timestamp, ...args }); },
  );
  export const ring = db.reducer({ job: alarm.rowType }, ctx => { ctx.db.rung.insert({ at: ctx.timestamp }); });
  export const ringIn = db.reducer({ seconds: t.u32() }, (ctx, { seconds }) => {
    const at = ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + BigInt(seconds) * 1_000_000n);
    ctx.db.alarm.insert({ id: 0n, at });
  });
  export const refuse = db.reducer(() => { throw new SenderError('no'); });
  export const breakDown = db.reducer(() => { throw new Error('broken'); });
  export const enter = db.clientConnected(ctx => { ctx.db.visit.insert({ id: ctx.connectionId!, who: ctx.sender }); });
  export const leave = db.clientDisconnected(ctx => { ctx.db.visit.id.delete(ctx.connectionId!); });
  export const addUp = db.procedure({ a: t.u32(), b: t.u32() }, t.u32(), (_ctx, { a, b }) => a + b);
  export const roll = db.procedure(t.u32(), ctx => ctx.withTx(tx => tx.random.integerInRange(0, 1_000_000)));
  export const subject = db.procedure(t.string(), ctx => ctx.withTx(tx => tx.senderAuth.jwt?.subject ?? 'nobody'));
  export const hello = db.httpHandler((_ctx, request) => new SyncResponse('hello ' + request.text()));
  export const router = db.httpRouter(new Router().post('/hello', hello));
`);

const open: TestDatabase[] = [];
afterEach(async () => {
  for (const db of open.splice(0)) await db[Symbol.asyncDispose]();
});
async function start(options = {}): Promise<TestDatabase> {
  const db = await TestDatabase.open({ bundle, ...options });
  open.push(db);
  return db;
}

const THING = { niceName: 'one', shape: { tag: 'Dot' }, bytes: Uint8Array.of(1, 2), big: 2n ** 200n, list: [-1, 2] };

describe('a test database with a socket', () => {
  /** Calls a reducer as an ordinary client of the SDK. */
  async function post(db: TestDatabase, name: string, reducer: string, body: string): Promise<number> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${db.tokenOf(name)}` };
    const answer = await fetch(`${db.url}/v1/database/test/call/${reducer}`, { method: 'POST', headers, body });
    return answer.status;
  }

  test('has the same identities and the same clock inside and outside', async () => {
    const db = await start({ listens: true });
    db.as('ada').call('write', { id: 1 });
    expect(await post(db, 'ada', 'write', '[2]')).toBe(200);
    expect(await post(db, 'ben', 'write', '[3]')).toBe(200);
    expect(db.as('ada').sql('SELECT id FROM letter')).toEqual([[1], [2]]);
    expect(db.owner.sql('SELECT id FROM letter')).toHaveLength(3);
    const shown = await fetch(`${db.url}/v1/database/test/unstable/timestamp`);
    expect(await shown.text()).toContain(`${db.now * 1000}`);
  });

  test('sends clients the changes while the clock moves', async () => {
    const db = await start({ listens: true });
    const sockets = [1, 2].map(() => {
      const url = `${db.url.replace('http', 'ws')}/v1/database/test/subscribe?compression=None`;
      return new WebSocket(url, ['v2.bsatn.spacetimedb']);
    });
    const [first] = sockets;
    await Promise.all(sockets.map(socket => once(socket, 'message')));
    first?.send(new BsatnWriter().u8(0).u32(1).u32(1).u32(1).string('SELECT * FROM rung').finish());
    if (first) await once(first, 'message');
    db.as('ada').call('ringIn', { seconds: 60 });
    db.advance(59_000);
    expect(db.rows('rung')).toEqual([]);
    const heard = first && once(first, 'message');
    db.advance(1_000);
    await heard;
    expect(db.rows('rung')).toHaveLength(1);
    for (const socket of sockets) socket.terminate();
  });

  test('names the option to set when it has none', async () => {
    const db = await start();
    expect(() => db.url).toThrow('{ listens: true }');
  });
});

describe('a test database', () => {
  test('accepts and returns plain values of every type', async () => {
    const db = await start({ startAt: new Date(1_700_000_000_000) });
    db.as('ada').call('make', THING);
    db.as('ben').call('make', { ...THING, niceName: undefined, shape: { tag: 'Square', value: { sideLength: 3 } } });
    db.as(7n).call('make', { ...THING, shape: { tag: 'Circle', value: 1.5 }, big: 5 });
    const madeAt = 1_700_000_000_000_000n;
    expect(db.rows('thing').sort((a, b) => Number(a['id']) - Number(b['id']))).toEqual([
      { ...THING, id: 1n, owner: identityOf('ada'), madeAt },
      {
        ...THING,
        id: 2n,
        owner: identityOf('ben'),
        madeAt,
        niceName: undefined,
        shape: { tag: 'Square', value: { sideLength: 3 } },
      },
      { ...THING, id: 3n, owner: 7n, madeAt, shape: { tag: 'Circle', value: 1.5 }, big: 5n },
    ]);
  });

  test('names the invalid part of an argument', async () => {
    const db = await start();
    const make = (args: object) => () => db.as('ada').call('make', { ...THING, ...args });
    expect(make({ shape: { tag: 'Cube' } })).toThrow('args.shape has no variant Cube');
    expect(make({ shape: { tag: 'Square', value: {} } })).toThrow('args.shape.Square.sideLength must be a number');
    expect(make({ list: [1, 'two'] })).toThrow('args.list[1] must be a number');
    expect(make({ more: 1 })).toThrow('args has no field more');
    expect(() => db.as('ada').call('nothing')).toThrow('the module has no reducer nothing; it has: ');
  });

  test('throws refusals with the message for the caller', async () => {
    const db = await start();
    expect(() => db.as('ada').call('refuse')).toThrow(new CallRefused('failed', 'no'));
    expect(() => db.as('ada').call('breakDown')).toThrow(CallRefused);
    expect(db.logged.at(-1)).toMatchObject({
      level: 'Panic',
      message: 'Uncaught Error: broken',
      function: 'break_down',
    });
  });

  test('connects and disconnects repeatedly', async () => {
    const db = await start();
    const first = db.as('ada').connect();
    const second = db.connectionOf('ada', { sub: 'ada', iss: 'test' }).connect();
    expect(db.rows('visit')).toHaveLength(2);
    expect([first.procedure('subject'), second.procedure('subject')]).toEqual(['nobody', 'ada']);
    first.disconnect();
    expect(db.rows('visit')).toEqual([{ id: second.connectionId, who: identityOf('ada') }]);
  });

  test('runs procedures, handlers and SQL', async () => {
    const db = await start();
    expect(db.as('ada').procedure('addUp', { a: 2, b: 3 })).toBe(5);
    const answer = db.http('POST', '/hello', 'you');
    expect([answer.status, new TextDecoder().decode(answer.body)]).toEqual([200, 'hello you']);
    db.as('ada').connect();
    expect(db.owner.sql('SELECT COUNT(*) AS n FROM thing')).toEqual([[0n]]);
    expect(() => db.as('ada').sql('SELECT * FROM thing')).toThrow('no such table');
  });

  test('SQL returns plain values, exact in every digit, which can be asked for again', async () => {
    const db = await start();
    db.as('ada').call('make', THING);
    const big = 9_223_372_041_149_743_105n;
    db.owner.sql(`UPDATE thing SET id = ${big}`);
    const [row] = db.owner.sql('SELECT * FROM thing');
    expect(row).toEqual(Object.values(db.rows('thing')[0] ?? {}));
    expect(row?.[0]).toBe(big);
    expect(db.owner.sql(`SELECT id, big FROM thing WHERE id = ${big}`)).toEqual([[big, 2n ** 200n]]);
  });

  test('applies row-level rules to all identities but the owner', async () => {
    const db = await start();
    db.as('ada').call('write', { id: 1 });
    db.as('ben').call('write', { id: 2 });
    expect(db.as('ada').sql('SELECT id FROM letter')).toEqual([[1]]);
    expect(db.owner.sql('SELECT id FROM letter')).toHaveLength(2);
    expect(db.rows('letter')).toHaveLength(2);
  });

  test('has the same random numbers at the same time', async () => {
    const roll = async (startAt: Date) => (await start({ startAt })).as('ada').procedure('roll');
    const first = await roll(new Date(5000));
    expect(await roll(new Date(5000))).toBe(first);
    expect(await roll(new Date(6000))).not.toBe(first);
  });
});
