// Databases without use cost little memory: a host may have a thousand.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { bytesOf } from '../database/testing/database-harness.ts';
import { startHost, type Host } from '../host.ts';
import { TestWorld } from '../testing/test-world.ts';

const PERIOD_MS = 5 * 60_000;
const MEBIBYTE = 1024 * 1024;
const MANY = 20;

const source = (n: number) => `
  import { schema, table, t } from 'spacetimedb/server';
  const item = table({ public: true }, { id: t.u32().primaryKey().autoInc() });
  const db = schema({ item });
  export default db;
  let calls = ${n};
  export const add = db.procedure(t.u32(), ctx => {
    ctx.withTx(tx => { tx.db.item.insert({ id: 0 }); });
    return ++calls;
  });
`;

async function add(host: Host, database: string): Promise<unknown> {
  const response = await fetch(`${host.url}/v1/database/${database}/call/add`, {
    method: 'POST',
    body: '[]',
    headers: { 'content-type': 'application/json' },
  });
  return response.json();
}

test('an idle database costs under 1 MB, and continues with its rows', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void; // the flag defines it
  const used = async () => {
    // Some garbage takes a second turn of the loop, which runs finalizers.
    for (let turn = 0; turn < 3; turn++) {
      collect();
      await new Promise(resolve => setImmediate(resolve));
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return (heapUsed + arrayBuffers) / MEBIBYTE;
  };
  const world = new TestWorld();
  await using host = await startHost({ world });
  // The caches of the last bundles are full before the first look.
  for (let n = 0; n < 5; n++) await host.publish(`first${n}`, bytesOf(source(n)));
  const bundle = new TextDecoder().decode(bytesOf(source(0)));
  world.advance(2 * PERIOD_MS);
  const before = await used();
  for (let n = 0; n < MANY; n++) await host.publish(`idle${n}`, new TextEncoder().encode(`/* ${n} */ ${bundle}`));
  world.advance(2 * PERIOD_MS);
  expect(((await used()) - before) / MANY).toBeLessThan(1);

  expect(await add(host, 'idle3')).toBe(1);
  expect(await add(host, 'idle3')).toBe(2);
  world.advance(PERIOD_MS);
  expect(await add(host, 'idle3')).toBe(3);
  world.advance(2 * PERIOD_MS);
  // Its globals are those of a start; its rows are all there.
  expect(await add(host, 'idle3')).toBe(1);
  const rows = [...(host.database('idle3')?.database.datastore.tableByName('item')?.rows() ?? [])];
  expect(rows).toHaveLength(4);
});

test('an isolated module that rests has no process', async () => {
  const world = new TestWorld();
  await using host = await startHost({ world, isolate: true });
  await host.publish('idle', bytesOf(source(0)));
  expect(await add(host, 'idle')).toBe(1);
  world.advance(3 * PERIOD_MS);
  expect(await add(host, 'idle')).toBe(1);
});
