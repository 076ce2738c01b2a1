// The WebSocket that a program may pass to the client. Apart from the socket of the SDK, since the published types name no type of it.

/** Constructor of a WebSocket: that of browsers, of Node.js 22, or of the package `ws`. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** The part of a WebSocket that the SDK uses. */
export interface WebSocketLike {
  binaryType: string;
  readonly protocol: string;
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(): void;
}
