// A process that starts workflows by files: writes the first step into the inbox of its agent; the file of the last agent is the
// result.

import { fsyncSync, openSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { servePart } from '../part.ts';
import { lookInto, Outbox } from '../peers/folder.ts';
import { chain, STEPS } from './chain.ts';
import { coordinatorCommands } from './coordinator.ts';
import { FileStart, fileName, readTask, taskText } from './file-task.ts';

const RESULT_TIMEOUT_MS = 60_000;

const waiting = new Map<number, (outputs: Readonly<Record<string, unknown>>) => void>();
let first: Outbox | undefined;

async function run(n: number): Promise<Readonly<Record<string, unknown>>> {
  if (!first) throw new Error('the coordinator was not started');
  const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const late = setTimeout(() => reject(new Error(`workflow ${n} did not end`)), RESULT_TIMEOUT_MS);
  waiting.set(n, resolve);
  first.put(fileName(n), taskText({ n, workflow: chain(n), position: 0, inputs: {} }));
  first.sync();
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    waiting.delete(n);
  }
}

servePart({
  // Each agent passes on its own output, so the coordinator receives only that of the last agent.
  ...coordinatorCommands(run, STEPS.slice(-1)),
  start(argument) {
    const { inbox, next, drafts, how, synced, pollMs } = FileStart.parse(argument);
    first = new Outbox(next, drafts, synced);
    const folder = synced ? openSync(inbox, 'r') : undefined;
    lookInto(inbox, how, pollMs, files => {
      const ended = files.map(file => {
        const path = join(inbox, file);
        const task = readTask(readFileSync(path, 'utf8'));
        unlinkSync(path);
        return task;
      });
      if (folder !== undefined) fsyncSync(folder);
      for (const { n, inputs } of ended) waiting.get(n)?.(inputs);
    });
  },
});
