// Settings of a client: its checked options, with defaults.

import type { OutboxOptions } from '../acts/outbox.ts';
import type { Backoff } from '../base/backoff.ts';
import type { WebSocketConstructor } from './web-socket-like.ts';
import type { TokenStore } from './token-store.ts';

/** Checked options of a client, with all defaults filled in. */
export interface Settings {
  readonly name: string;
  readonly server: URL;
  readonly database: string;
  readonly token: string | undefined;
  readonly tokenStore: TokenStore | undefined;
  readonly outbox: OutboxOptions | undefined;
  readonly reconnect: Backoff;
  readonly connectTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly offlineTimeoutMs: number;
  readonly giveUpAfterMs: number;
  readonly heartbeatMs: number;
  readonly durable: boolean;
  readonly handlerTimeoutMs: number;
  readonly webSocket: WebSocketConstructor | undefined;
}
