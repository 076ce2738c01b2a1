// The file-based way: a message is a JSON file in a folder, which the receiver polls or watches and clears.

import { mkdtemp, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Contender } from '../harness.ts';
import { AMOUNTS, measureDirect } from '../loads/direct.ts';
import { Part } from '../part.ts';

const POLL_MS = 100;

/** A look into the folder every 100 ms. */
export const filePoll = contender('file, polled every 100 ms', 'poll');

/** A look into the folder whenever the system says that it changed. */
export const fileWatch = contender('file, watched', 'watch');

function contender(name: string, how: 'poll' | 'watch'): Contender {
  return {
    name,
    async round(size) {
      const folder = await mkdtemp(join(tmpdir(), 'agora-bench-'));
      const folders = { inbox: join(folder, 'inbox'), drafts: join(folder, 'drafts') };
      const receiver = new Part(`${name}: receiver`, new URL('./file-receiver.ts', import.meta.url));
      const sender = new Part(`${name}: sender`, new URL('./file-sender.ts', import.meta.url));
      try {
        for (const path of Object.values(folders)) await mkdir(path);
        await receiver.call('start', { ...folders, how, pollMs: POLL_MS }, z.null());
        await sender.call('start', folders, z.null());
        const leftovers = async () => {
          const left = (await readdir(folders.inbox)).length;
          return left === 0 ? [] : [`${left} files are left in the folder`];
        };
        const amount = AMOUNTS[size];
        return how === 'poll'
          ? await measureDirect({ sender, receiver, leftovers }, { ...amount, singly: amount.singly / 5 }, POLL_MS)
          : await measureDirect({ sender, receiver, leftovers }, amount);
      } finally {
        await Promise.all([sender.stop(), receiver.stop()]);
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
