// A step as a file: the whole workflow, where it is, and what the step before has made.

import { z } from 'zod';

/** What a process of the file-based way is told: its folder, the one it hands on to, where it writes, and how it looks. */
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

/** The file of workflow `n`. */
export function fileName(n: number): string {
  return `${String(n).padStart(9, '0')}.json`;
}

/** A step as the text of its file. */
export function taskText(task: z.input<typeof Task>): string {
  return JSON.stringify(task);
}

/** A step out of the text of its file. */
export function readTask(text: string): z.output<typeof Task> {
  return Task.parse(JSON.parse(text));
}
