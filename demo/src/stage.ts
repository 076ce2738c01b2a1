// Output for a spectator: every hop with its time, and a summary at the end.

import { DemoError } from './demo-error.ts';

/** Prints hops as they happen and remembers what was shown. */
export class Stage {
  readonly #startedAt = performance.now();
  readonly #shown: string[] = [];
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Opens a scene. */
  scene(title: string): void {
    this.#print(`\n── ${title}`);
  }

  /** Shows what somebody did or heard. */
  tell(who: string, what: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(3);
    this.#print(`${seconds.padStart(8)} s  ${who.padEnd(15)} ${what}`);
  }

  /** Notes for the summary that something happened; throws if it did not. */
  must(happened: boolean, sentence: string, otherwise = ''): void {
    if (!happened) throw new DemoError(`This did not happen: ${sentence}${otherwise && ` (${otherwise})`}.`);
    this.#shown.push(sentence);
  }

  /** Prints everything that happened. */
  summary(lines: readonly string[]): void {
    this.scene('Summary');
    for (const sentence of this.#shown) this.#print(`  ✓ ${sentence}`);
    for (const line of ['', ...lines]) this.#print(line && `  ${line}`);
  }
}

/** Waits for a promise, but not for ever. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DemoError(`Waited ${timeoutMs / 1000} s in vain for ${what}.`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
