// Platform of browsers and similar runtimes. `package.json` resolves `#platform` to this file, or to `../node/platform.ts`.

import { AgoraError, ConnectionError } from '../base/errors.ts';
import type { OutboxStore } from '../acts/outbox-store.ts';
import type { Scope } from '../base/scope.ts';
import type { WebSocketConstructor } from '../connection/web-socket-like.ts';
import { originOf, TokenList, type TokenStore } from '../connection/token-store.ts';

/** Returns the default token store: `localStorage`, if there is one. */
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

/** Returns the WebSocket of the runtime. Throws `connection/no-web-socket`. */
export function runtimeWebSocket(): WebSocketConstructor {
  if (typeof WebSocket !== 'undefined') return WebSocket;
  const sentence = 'this runtime has no WebSocket; set the option `webSocket`';
  throw new ConnectionError('connection/no-web-socket', sentence);
}

/** Browsers have no async context. */
export function openScope<T>(): Scope<T> | undefined {
  return undefined;
}

/** OpenTelemetry must be passed as an option here, so that bundlers need not resolve an optional package. */
export function findOpenTelemetry(): Promise<unknown> {
  return Promise.resolve(undefined);
}

/** Browsers have no signals of the system. */
export function onSignals(_signals: readonly string[], _listener: (signal: string) => void): () => void {
  return () => undefined;
}

/** Browsers have no files. */
export function openOutboxFile(path: string): OutboxStore {
  throw new AgoraError('client/bad-option', `an outbox in the file ${path} needs Node.js; set a \`store\` instead`);
}

/** Returns the storage of a page; access to it may throw. */
function storageOf(): Storage | undefined {
  try {
    return typeof localStorage === 'undefined' ? undefined : localStorage;
  } catch {
    return undefined;
  }
}

/** Runs `act` exclusively: two pages that open at the same time must not both become a new identity. */
async function alone(name: string, act: () => void): Promise<void> {
  if (typeof navigator === 'undefined' || !('locks' in navigator)) return act();
  await navigator.locks.request(name, act);
}
