// How messages travel in WebSocket frames (contract 6.2): v2 has one message a frame, v3 one or more back to back.

import { BsatnError, BsatnReader } from '../sats/reader.ts';
import { readClientMessage, type ClientMessage } from './client-message.ts';

/** A version of the protocol; also the name of the WebSocket subprotocol. */
export type Protocol = 'v3.bsatn.spacetimedb' | 'v2.bsatn.spacetimedb';

/** The subprotocols that are spoken, best first. */
export const PROTOCOLS: readonly Protocol[] = ['v3.bsatn.spacetimedb', 'v2.bsatn.spacetimedb'];

/** The first byte of a server frame: what follows is not compressed. */
export const UNCOMPRESSED = 0;

/** A server frame carries more than this only if a single message does. */
export const MAX_SERVER_FRAME_BYTES = 512 * 1024;

/** A client frame that is longer closes the connection. */
export const MAX_CLIENT_FRAME_BYTES = 32 * 1024 * 1024;

/** Reads every message of a client frame, or throws `BsatnError` if any is malformed. */
export function readClientFrame(protocol: Protocol, bytes: Uint8Array): ClientMessage[] {
  const reader = new BsatnReader(bytes);
  if (protocol === 'v2.bsatn.spacetimedb') return [readClientMessage(reader)];
  if (bytes.length === 0) {
    throw new BsatnError('v3 websocket binary payload must contain at least one v2 client message');
  }
  const messages = [];
  while (reader.left > 0) messages.push(readClientMessage(reader));
  return messages;
}
