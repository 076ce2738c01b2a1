// A step as a file: the number of the workflow, the step, and the output of the step before.

import { z } from 'zod';

/** Options of a file-based process: its folder, the next folder, its temporary folder, and its way to find files. */
export const FileStart = z.object({
  inbox: z.string(),
  next: z.string(),
  drafts: z.string(),
  how: z.enum(['poll', 'watch']),
  synced: z.boolean(),
  pollMs: z.number(),
});

const Task = z.object({
  n: z.number(),
  workflow: z.looseObject({ steps: z.array(z.looseObject({ action: z.string(), requirements: z.unknown() })) }),
  position: z.number(),
  inputs: z.record(z.string(), z.unknown()),
});

/** The file name of workflow `n`. */
export function fileName(n: number): string {
  return `${String(n).padStart(9, '0')}.json`;
}

/** Encodes a step as the text of its file. */
export function taskText(task: z.input<typeof Task>): string {
  return JSON.stringify(task);
}

/** Parses a step from the text of its file. */
export function readTask(text: string): z.output<typeof Task> {
  return Task.parse(JSON.parse(text));
}
