import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DATABASE_NAME, startHub } from './index.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agora-hub-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('a hub serves the module under the usual name', async () => {
  await using hub = await startHub();
  expect(hub.database).toBe(DATABASE_NAME);
  const response = await fetch(`${hub.url}/v1/database/agora/sql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hub.ownerToken}` },
    body: 'SELECT COUNT(*) AS n FROM agent',
  });
  expect(await response.json()).toMatchObject([{ rows: [[0]] }]);
});

test('a hub keeps its data, and updates the module of another start', async () => {
  const options = { dataDir: folder, database: 'other' };
  const first = await startHub(options);
  const { identity } = first.host.owner;
  await first.close();
  await first.close();

  await using second = await startHub(options);
  expect(second.host.owner.identity).toBe(identity);
  expect(second.host.database('other')).toBeDefined();
  expect(second.host.database(DATABASE_NAME)).toBeUndefined();
});

test('a hub that cannot start leaves its port and its folder free', async () => {
  await using running = await startHub();
  await expect(startHub({ port: running.host.port, dataDir: folder })).rejects.toMatchObject({
    code: 'host/port-in-use',
  });
  await using next = await startHub({ dataDir: folder });
  expect(next.host.database(DATABASE_NAME)).toBeDefined();
});
