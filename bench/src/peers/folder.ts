// A folder that messages are moved into, and how its reader hears of them.

import { fsyncSync, openSync, readdirSync, renameSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a reader looks into its folder: again and again, or when the system says that it changed. */
export type Look = 'poll' | 'watch';

/** Puts files into a folder: written apart, then moved in whole, so that no half is ever read. */
export class Outbox {
  readonly #inbox: string;
  readonly #drafts: string;
  /** The folder, to sync; undefined if nothing is synced. */
  readonly #folder: number | undefined;

  constructor(inbox: string, drafts: string, synced: boolean) {
    this.#inbox = inbox;
    this.#drafts = drafts;
    this.#folder = synced ? openSync(inbox, 'r') : undefined;
  }

  /** The text is in the file, and the file in the folder. It is there to stay once `sync` has returned. */
  put(file: string, text: string): void {
    const draft = join(this.#drafts, file);
    writeFileSync(draft, text, { flush: this.#folder !== undefined });
    renameSync(draft, join(this.#inbox, file));
  }

  /** All that was put in is on disk, if anything is synced here. */
  sync(): void {
    if (this.#folder !== undefined) fsyncSync(this.#folder);
  }
}

/** Calls `sweep` with the files of a folder, oldest name first, whenever there may be new ones. */
export function lookInto(inbox: string, look: Look, pollMs: number, sweep: (files: readonly string[]) => void): void {
  const run = () => {
    const files = readdirSync(inbox).sort();
    if (files.length > 0) sweep(files);
  };
  if (look === 'poll') {
    // Pollers that begin together must not look in step with each other.
    setTimeout(() => setInterval(run, pollMs), Math.random() * pollMs);
    return;
  }
  // Once for all the changes that were told in one turn, so that none is lost when the system drops some.
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
