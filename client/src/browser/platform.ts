// What differs where there is no Node.js: browsers, and runtimes that are like them. `package.json` has `#platform` lead
// here, or to `node/platform.ts`.

import { AgoraError, ConnectionError } from '../base/errors.ts';
import type { OutboxStore } from '../acts/outbox-store.ts';
import type { Scope } from '../base/scope.ts';
import type { WebSocketConstructor } from '../connection/socket.ts';
import { originOf, TokenList, type TokenStore } from '../connection/token-store.ts';

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

/** The WebSocket to connect with. Throws a `ConnectionError` where there is none. */
export function runtimeWebSocket(): WebSocketConstructor {
  if (typeof WebSocket !== 'undefined') return WebSocket;
  const sentence = 'this runtime has no WebSocket; give one as the option `webSocket`';
  throw new ConnectionError('connection/no-web-socket', sentence);
}

/** What is handled right now: a page cannot tell. */
export function openScope<T>(): Scope<T> | undefined {
  return undefined;
}

/** Only who is given OpenTelemetry has it here: bundlers need not look for what may be absent. */
export function findOpenTelemetry(): Promise<unknown> {
  return Promise.resolve(undefined);
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
