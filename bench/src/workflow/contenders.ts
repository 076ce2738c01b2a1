// Contenders: the hub on disk and in memory, and folders that are polled, watched, or watched and synced.

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Contender, Size } from '../harness.ts';
import { Part } from '../part.ts';
import type { Look } from '../peers/folder.ts';
import { STEPS } from './chain.ts';
import type { Turns } from './cost.ts';
import { AMOUNTS, measureWorkflows, type Amount } from './measure.ts';

const POLL_MS = 100;

const TURNS: Record<Size, Turns> = { full: { warmUp: 500, measured: 1_500 }, quick: { warmUp: 200, measured: 400 } };
const Measured = z.object({
  measurements: z.array(z.object({ metric: z.string(), unit: z.string(), value: z.number() })),
  audited: z.number(),
  faults: z.array(z.string()),
});

/** The hub with a disk: everything is durable before a client receives it. */
export const agora = hubContender('agora', { durable: true });

/** The hub without a disk. */
export const agoraInMemory = hubContender('agora, in memory', { durable: false });

/** Polls each folder every 100 ms, without syncs. */
export const filePoll = fileContender('file, polled every 100 ms', { how: 'poll', synced: false });

/** Reads each folder when the system reports a change, without syncs. */
export const fileWatch = fileContender('file, watched', { how: 'watch', synced: false });

/** The same with syncs, as durable as the hub. */
export const fileWatchSynced = fileContender('file, watched, synced', { how: 'watch', synced: true });

/** Only the module: each act of a workflow, without a socket. */
export const hubAlone: Contender = {
  name: 'the hub alone',
  async round(size) {
    const part = new Part('the hub alone', new URL('./cost-part.ts', import.meta.url));
    try {
      return await part.call('measure', TURNS[size], Measured);
    } finally {
      await part.stop();
    }
  },
};

function hubContender(name: string, { durable }: { readonly durable: boolean }): Contender {
  return { name, round: size => hubRound(name, durable, AMOUNTS[size]) };
}

/** One complete round through a hub. */
export async function hubRound(name: string, durable: boolean, amount: Amount) {
  const folder = await mkdtemp(join(tmpdir(), 'agora-bench-'));
  const hub = new Part(`${name}: hub`, new URL('./hub.ts', import.meta.url));
  const coordinator = new Part(`${name}: coordinator`, new URL('./agora-coordinator.ts', import.meta.url));
  const workers = startWorkers(name, './agora-worker.ts');
  try {
    const url = await hub.call('start', durable ? folder : null, z.string());
    for (const part of [...workers, coordinator]) await part.call('start', url, z.null());
    const audit = (started: number) => hub.call('audit', started, z.array(z.string()));
    const round = await measureWorkflows({ hub, coordinator, workers, audit }, amount);
    await Promise.all([...workers, coordinator].map(part => part.call('stop', null, z.null())));
    await hub.call('stop', null, z.null());
    return round;
  } finally {
    await Promise.all([...workers, coordinator, hub].map(part => part.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

interface Way {
  readonly how: Look;
  /** True syncs files and folders before a step counts as handed on or taken, as the hub does. */
  readonly synced: boolean;
}

function fileContender(name: string, way: Way): Contender {
  return {
    name,
    round(size) {
      const { warmUp, singly, many } = AMOUNTS[size];
      // A slow contender needs fewer workflows.
      const isSlow = way.how === 'poll';
      const amount = isSlow ? { warmUp: warmUp / 2, singly: singly / 5, many: many / 2 } : { warmUp, singly, many };
      return fileRound(name, way, amount);
    },
  };
}

/** One round through folders: the inboxes of the agents and of the coordinator. */
export async function fileRound(name: string, { how, synced }: Way, amount: Amount) {
  const root = await mkdtemp(join(tmpdir(), 'agora-bench-'));
  const coordinator = new Part(`${name}: coordinator`, new URL('./file-coordinator.ts', import.meta.url));
  const workers = startWorkers(name, './file-worker.ts');
  const inboxes = [...STEPS.map(({ agent }) => agent), 'Coordinator'].map(agent => join(root, agent));
  try {
    for (const inbox of inboxes) await mkdir(inbox);
    for (const [at, part] of [...workers, coordinator].entries()) {
      const drafts = join(root, `drafts-${at}`);
      await mkdir(drafts);
      const next = inboxes[(at + 1) % inboxes.length];
      await part.call('start', { inbox: inboxes[at], next, drafts, how, synced, pollMs: POLL_MS }, z.null());
    }
    const audit = async () => {
      const left = (await Promise.all(inboxes.map(inbox => readdir(inbox)))).flat().length;
      return left === 0 ? [] : [`${left} files are left in the folders`];
    };
    return await measureWorkflows({ coordinator, workers, audit }, amount, how === 'poll' ? POLL_MS : undefined);
  } finally {
    await Promise.all([...workers, coordinator].map(part => part.stop()));
    await rm(root, { recursive: true, force: true });
  }
}

function startWorkers(name: string, file: string): Part[] {
  return STEPS.map(({ agent }, at) => new Part(`${name}: ${agent}`, new URL(file, import.meta.url), [String(at)]));
}
