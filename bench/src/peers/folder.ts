// A folder that messages are moved into, and the notification of its reader.

import { fsyncSync, openSync, readdirSync, renameSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a reader finds new files: by polling, or by change reports of the system. */
export type Look = 'poll' | 'watch';

/** Puts files into a folder: written elsewhere, then moved, so that no reader sees a partial file. */
export class Outbox {
  readonly #inbox: string;
  readonly #drafts: string;
  /** Handle of the folder for syncs; undefined without syncs. */
  readonly #folder: number | undefined;

  constructor(inbox: string, drafts: string, synced: boolean) {
    this.#inbox = inbox;
    this.#drafts = drafts;
    this.#folder = synced ? openSync(inbox, 'r') : undefined;
  }

  /** Writes a file into the folder. It is durable when `sync` has returned. */
  put(file: string, text: string): void {
    const draft = join(this.#drafts, file);
    writeFileSync(draft, text, { flush: this.#folder !== undefined });
    renameSync(draft, join(this.#inbox, file));
  }

  /** Syncs all files that were put in, if syncs are on. */
  sync(): void {
    if (this.#folder !== undefined) fsyncSync(this.#folder);
  }
}

/** Calls `sweep` with the files of a folder, oldest name first, whenever new ones are possible. */
export function lookInto(inbox: string, look: Look, pollMs: number, sweep: (files: readonly string[]) => void): void {
  const run = () => {
    const files = readdirSync(inbox).sort();
    if (files.length > 0) sweep(files);
  };
  if (look === 'poll') {
    // Pollers that start together must not be in phase.
    setTimeout(() => setInterval(run, pollMs), Math.random() * pollMs);
    return;
  }
  // One sweep for all changes of one turn, so that none is lost if the system drops reports.
  let due = false;
  watch(inbox, () => {
    if (due) return;
    due = true;
    setImmediate(() => {
      due = false;
      run();
    });
  });
}
