// An LMDB map never has to grow while commits are written; a host without enough address space refuses to start.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MAP_BYTES } from './address-space.ts';
import { openEnvironment } from './lmdb-environment.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agora-map-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a map has its size before and after megabytes are written, and takes no disk for it', async () => {
  const environment = openEnvironment(root);
  const mapSize = (): unknown => (environment.getStats() as { mapSize: unknown }).mapSize;
  expect(mapSize()).toBe(MAP_BYTES);
  await environment.batch(() => {
    for (let key = 0; key < 64; key++) void environment.put(`key ${key}`, Buffer.alloc(64 * 1024, key));
  });
  expect(mapSize()).toBe(MAP_BYTES);
  await environment.close();
});

test.runIf(process.platform === 'linux')(
  'a process with too little address space gets an error and is not killed',
  async () => {
    const main = join(import.meta.dirname, '../main.ts');
    const command = `ulimit -v 4000000; exec "$0" "$1" --port 0 --data-dir "$2"`;
    const started = promisify(execFile)('bash', ['-c', command, process.execPath, main, join(root, 'data')]);
    await expect(started).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('may use 3 GiB of address space (ulimit -v)') as string,
    });
  },
);
