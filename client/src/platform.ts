// What differs where there is no Node.js: browsers, and runtimes that are like them. `package.json` has `#platform` lead
// here, or to `node/platform.ts`.

import { AgoraError } from './errors.ts';
import type { OutboxStore } from './outbox-store.ts';
import { originOf, TokenList, type TokenStore } from './token-store.ts';

/** The store that is used when no other is given: `localStorage`, where there is one. */
export function defaultTokenStore(server: URL, database: string): TokenStore | undefined {
  const storage = storageOf();
  if (!storage) return undefined;
  const key = `agora.tokens ${originOf(server)} ${database}`;
  const read = () => storage.getItem(key) ?? '';
  return new TokenList({
    read,
    change: change =>
      alone(key, () => {
        const text = change(read());
        if (text !== undefined) storage.setItem(key, text);
      }),
  });
}

/** Nobody signals a page. */
export function onSignals(_signals: readonly string[], _listener: (signal: string) => void): () => void {
  return () => undefined;
}

/** There are no files here. */
export function openOutboxFile(path: string): OutboxStore {
  throw new AgoraError('client/bad-option', `an outbox in the file ${path} needs Node.js; give it a \`store\` instead`);
}

/** Where a page may not keep anything, asking for its storage throws. */
function storageOf(): Storage | undefined {
  try {
    return typeof localStorage === 'undefined' ? undefined : localStorage;
  } catch {
    return undefined;
  }
}

/** Two pages that are opened at once must not both become a new identity. */
async function alone(name: string, act: () => void): Promise<void> {
  if (typeof navigator === 'undefined' || !('locks' in navigator)) return act();
  await navigator.locks.request(name, act);
}
