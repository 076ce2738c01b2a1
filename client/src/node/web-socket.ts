// The WebSocket of Node.js: that of the package `ws`. A message takes half as long with it as with the one of Node itself.

import { WebSocket } from 'ws';
import type { WebSocketConstructor } from '../connection/socket.ts';

/** A server that does not answer a goodbye is left after this. */
const CLOSE_WITHIN_MS = 3_000;

/** The WebSocket to connect with. */
export function runtimeWebSocket(): WebSocketConstructor {
  return NodeWebSocket;
}

class NodeWebSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols, { perMessageDeflate: false });
    // Whoever listens hears of it all the same; an error that nobody listens to any more must not end the process.
    this.on('error', () => undefined);
  }

  override close(code?: number, reason?: string): void {
    super.close(code, reason);
    if (this.readyState === WebSocket.CLOSED) return;
    const timer = setTimeout(() => this.terminate(), CLOSE_WITHIN_MS);
    this.once('close', () => clearTimeout(timer));
  }
}
