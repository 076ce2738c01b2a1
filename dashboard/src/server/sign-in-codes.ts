// One-time codes that stand for a token for a short time: a code may travel in the fragment of an address, a token may not.

import { createHash, randomBytes } from 'node:crypto';

/** How long a code can be exchanged. */
export const CODE_LIFETIME_MS = 60_000;
/** Beyond this number the oldest code ends. */
const MAX_CODES = 1_000;

interface Held {
  readonly token: string;
  readonly until: number;
}

/** The codes of one hub, in memory only. Kept as digests, so that a dump of the memory gives no usable code. */
export class SignInCodes {
  readonly #held = new Map<string, Held>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Returns a new code for a token. */
  issue(token: string): string {
    this.#prune();
    const code = randomBytes(24).toString('base64url');
    this.#held.set(digest(code), { token, until: this.#now() + CODE_LIFETIME_MS });
    return code;
  }

  /** Returns the token of a code and ends the code; undefined for an unknown, used or late one. */
  exchange(code: string): string | undefined {
    const key = digest(code);
    const held = this.#held.get(key);
    this.#held.delete(key);
    return held && held.until > this.#now() ? held.token : undefined;
  }

  #prune(): void {
    // In order of their issue, and all live equally long.
    for (const [key, { until }] of this.#held) {
      if (until > this.#now() && this.#held.size < MAX_CODES) break;
      this.#held.delete(key);
    }
  }
}

function digest(code: string): string {
  return createHash('sha256').update(code).digest('base64');
}
