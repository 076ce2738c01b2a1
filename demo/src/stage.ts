// Output for a spectator: every hop with its time, and a summary at the end.

import { DemoError } from './demo-error.ts';

/** Prints hops as they happen and keeps the results for the summary. */
export class Stage {
  readonly #startedAt = performance.now();
  readonly #shown: string[] = [];
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Starts a scene. */
  scene(title: string): void {
    this.#print(`\n── ${title}`);
  }

  /** Prints one line about an agent or the hub. */
  show(who: string, what: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(3);
    this.#print(`${seconds.padStart(8)} s  ${who.padEnd(15)} ${what}`);
  }

  /** Records a result for the summary; throws if it did not happen. */
  must(happened: boolean, sentence: string, otherwise = ''): void {
    if (!happened) throw new DemoError(`This did not happen: ${sentence}${otherwise && ` (${otherwise})`}.`);
    this.#shown.push(sentence);
  }

  /** Prints the results. */
  summary(lines: readonly string[]): void {
    this.scene('Summary');
    for (const sentence of this.#shown) this.#print(`  ✓ ${sentence}`);
    for (const line of ['', ...lines]) this.#print(line && `  ${line}`);
  }
}

/** Waits for a promise, with a timeout. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DemoError(`Timed out after ${timeoutMs / 1000} s while waiting for ${what}.`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
