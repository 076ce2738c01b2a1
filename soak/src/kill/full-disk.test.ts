// A full disk under a real host with real clients: writes fail with a reason, reads continue, and all confirmed data remains
// when the disk has space again.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { audit, BATCH } from './audit.ts';
import { connect, ConnectionEnded, subscribe } from './client.ts';
import { HostProcess } from './host-process.ts';
import { buildSoakModule } from './kills.ts';
import { Numbers } from './ledger.ts';

/** A way to fill the disk, and to free space again. */
interface Shortage {
  readonly name: string;
  /** Prepares the data folder; returns its cleanup. */
  begin(dataDir: string): () => void;
  /** Shell commands before the start of the host, if a shell is needed. */
  readonly limits?: string;
  end(dataDir: string): void;
}

const fileLimit: Shortage = {
  name: 'a file that may not grow',
  begin: () => () => undefined,
  // 2 MiB; without the trap the kernel would end the process instead of refusing the write.
  limits: "trap '' XFSZ; ulimit -f 2048",
  end: () => undefined,
};

const fullFileSystem: Shortage = {
  name: 'a file system that is full',
  begin(dataDir) {
    mkdirSync(dataDir);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', dataDir]);
    return () => execFileSync('umount', [dataDir]);
  },
  end: dataDir => void execFileSync('mount', ['-o', 'remount,size=64m', dataDir]),
};

/** A container without privileges may not mount anything. */
function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'agora-mount-'));
  try {
    fullFileSystem.begin(join(folder, 'probe'))();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let root: string;
const cleanUp: (() => void | Promise<void>)[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agora-full-'));
});
afterEach(async () => {
  for (const act of cleanUp.splice(0).reverse()) await act();
  rmSync(root, { recursive: true, force: true });
});

describe.each([fileLimit, ...(mayMount() ? [fullFileSystem] : [])])('$name', shortage => {
  test('stops writes, not reads, and loses no confirmed data', { timeout: 60_000 }, async () => {
    const dataDir = join(root, 'data');
    cleanUp.push(shortage.begin(dataDir));
    const start = (limits?: string): HostProcess => {
      const started = new HostProcess(dataDir, join(root, 'cache'), limits);
      cleanUp.push(() => started.kill());
      return started;
    };
    const host = start(shortage.limits);
    const url = await host.url;
    await host.publish((await buildSoakModule(root))('v1'));

    const idle = await connect(url);
    const writer = await connect(url);
    await subscribe(writer.connection, ['SELECT * FROM part']);
    const confirmed: string[] = [];
    const writeOn = async (): Promise<never> => {
      for (;;) {
        const op = `${'x'.repeat(200)}${confirmed.length}`;
        await Promise.race([writer.connection.reducers.batch({ op, count: BATCH }), writer.ended]);
        confirmed.push(op);
      }
    };
    const end = await writeOn().catch((error: unknown) => error);
    expect(end).toBeInstanceOf(ConnectionEnded);
    expect(confirmed.length).toBeGreaterThan(5);

    // Each kind of writer gets the reason. LMDB reports a write that was cut short as an input/output error.
    const why =
      /the database can no longer be written \((File too large|No space left on device|Input\/output error)\); it can be read; to write again, restart the host/;
    const refused = idle.connection.reducers.add({ op: 'late', value: 1n });
    await expect(Promise.race([refused, idle.ended])).rejects.toThrow(why);
    expect(await host.call('add', ['late', 1])).toMatchObject({
      status: 530,
      text: expect.stringMatching(why) as string,
    });
    await expect(host.publish((await buildSoakModule(root))('v2'))).rejects.toThrow(why);

    // SQL and a new client read exactly the confirmed data.
    const wanted = confirmed.map(op => `batch/${op}`).sort();
    const shown = await audit(host, new Numbers());
    expect([[...shown.fates.keys()].sort(), shown.half]).toEqual([wanted, []]);
    const reader = await connect(url);
    await subscribe(reader.connection, ['SELECT * FROM part']);
    expect(reader.connection.db.part.count()).toBe(BigInt(BATCH * confirmed.length));

    await host.stop();
    shortage.end(dataDir);
    const roomy = start();
    await roomy.url;
    const kept = await audit(roomy, new Numbers());
    expect([[...kept.fates.keys()].sort(), kept.half]).toEqual([wanted, []]);
    expect((await roomy.call('add', ['again', 1])).status).toBe(200);
    await roomy.stop();
  });
});
