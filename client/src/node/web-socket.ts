// WebSocket of Node.js: that of the package `ws`, which is twice as fast per message as the built-in one.

import { WebSocket } from 'ws';
import type { WebSocketConstructor } from '../connection/web-socket-like.ts';

/** How long a close waits for the close frame of the server. */
const CLOSE_WITHIN_MS = 3_000;

/** Returns the WebSocket of the runtime. */
export function runtimeWebSocket(): WebSocketConstructor {
  return NodeWebSocket;
}

class NodeWebSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols, { perMessageDeflate: false });
    // Other listeners still get the error; without this one an error after their removal would end the process.
    this.on('error', () => undefined);
  }

  override close(code?: number, reason?: string): void {
    super.close(code, reason);
    if (this.readyState === WebSocket.CLOSED) return;
    const timer = setTimeout(() => this.terminate(), CLOSE_WITHIN_MS);
    this.once('close', () => clearTimeout(timer));
  }
}
