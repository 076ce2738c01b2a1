// A process that does one step of every workflow by files: reads its assignments and passes on its outputs.

import { fsyncSync, openSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { servePart } from '../part.ts';
import { lookInto, Outbox } from '../peers/folder.ts';
import { numberOfStep, STEPS } from './chain.ts';
import { FileStart, readTask, taskText } from './file-task.ts';
import { Journal, journalCommands } from './journal.ts';

const { action } = STEPS[z.coerce.number().int().min(0).max(2).parse(process.argv[2])] ?? STEPS[0];
const journal = new Journal(action);

/** Does the step of a file; returns the step for the next agent. */
function workOn(text: string): string {
  const { n, workflow, position, inputs } = readTask(text);
  const output = journal.work(numberOfStep(workflow.steps[position]?.requirements), inputs);
  return taskText({ n, workflow, position: position + 1, inputs: { [action]: output } });
}

servePart({
  ...journalCommands(journal),
  start(argument) {
    const { inbox, next, drafts, how, synced, pollMs } = FileStart.parse(argument);
    const outbox = new Outbox(next, drafts, synced);
    const folder = synced ? openSync(inbox, 'r') : undefined;
    lookInto(inbox, how, pollMs, files => {
      for (const file of files) outbox.put(file, workOn(readFileSync(join(inbox, file), 'utf8')));
      // Passed-on files are on disk before their assignments are removed: one sync for all files of one sweep.
      outbox.sync();
      for (const file of files) unlinkSync(join(inbox, file));
      if (folder !== undefined) fsyncSync(folder);
    });
  },
});
