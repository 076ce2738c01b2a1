// File-based contenders: a message is a JSON file in a folder, which the receiver polls or watches and clears.

import { mkdtemp, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Contender } from '../harness.ts';
import { AMOUNTS, measureDirect } from '../lane.ts';
import { Part } from '../part.ts';

const POLL_MS = 100;

interface Way {
  readonly how: 'poll' | 'watch';
  /** True syncs files and folder before a message counts as sent or acknowledged, as the hub does. */
  readonly synced: boolean;
}

/** Polls the folder every 100 ms, without syncs. */
export const filePoll = contender('file, polled every 100 ms', { how: 'poll', synced: false });

/** Reads the folder when the system reports a change, without syncs. */
export const fileWatch = contender('file, watched', { how: 'watch', synced: false });

/** The same with syncs, so that accepted and acknowledged messages survive a power loss, as with the hub. */
export const fileWatchSynced = contender('file, watched, synced', { how: 'watch', synced: true });

function contender(name: string, { how, synced }: Way): Contender {
  return {
    name,
    async round(size) {
      const folder = await mkdtemp(join(tmpdir(), 'agora-bench-'));
      const folders = { inbox: join(folder, 'inbox'), drafts: join(folder, 'drafts') };
      const receiver = new Part(`${name}: receiver`, new URL('./file-receiver.ts', import.meta.url));
      const sender = new Part(`${name}: sender`, new URL('./file-sender.ts', import.meta.url));
      try {
        for (const path of Object.values(folders)) await mkdir(path);
        await receiver.call('start', { ...folders, how, synced, pollMs: POLL_MS }, z.null());
        await sender.call('start', { ...folders, synced }, z.null());
        const leftovers = async () => {
          const left = (await readdir(folders.inbox)).length;
          return left === 0 ? [] : [`${left} files are left in the folder`];
        };
        const amount = AMOUNTS[size];
        const lane = { sender, receiver, leftovers };
        // A slow contender needs fewer messages.
        if (how === 'poll') return await measureDirect(lane, { ...amount, singly: amount.singly / 5 }, POLL_MS);
        return await measureDirect(lane, synced ? { ...amount, pipelined: amount.pipelined / 5 } : amount);
      } finally {
        await Promise.all([sender.stop(), receiver.stop()]);
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
