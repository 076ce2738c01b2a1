// Messages in WebSocket frames: v2 has one message a frame, v3 one or more back to back. Defined by
// clockworklabs/SpacetimeDB: crates/client-api-messages/src/websocket/v3.rs.

import { BsatnError, BsatnReader } from '../sats/reader.ts';
import { readClientMessage, type ClientMessage } from './client-message.ts';

/** A version of the protocol; also the name of the WebSocket subprotocol. */
export type Protocol = 'v3.bsatn.spacetimedb' | 'v2.bsatn.spacetimedb';

/** The supported subprotocols, preferred first. */
export const PROTOCOLS: readonly Protocol[] = ['v3.bsatn.spacetimedb', 'v2.bsatn.spacetimedb'];

/** First byte of a server frame whose content is not compressed. */
export const UNCOMPRESSED = 0;

/** Size limit of a server frame; only a single larger message exceeds it. */
export const MAX_SERVER_FRAME_BYTES = 512 * 1024;

/** Size limit of a client frame; a longer one closes the connection. */
export const MAX_CLIENT_FRAME_BYTES = 32 * 1024 * 1024;

/** Size limit of a frame of a client that came without a token. */
export const MAX_NEWCOMER_FRAME_BYTES = 4 * 1024 * 1024;

/** Queries of all subscriptions in one frame; a frame with more is malformed. */
const MAX_QUERIES_IN_FRAME = 65_536;

/**
 * Reads every message of a client frame, or throws `BsatnError` if any is malformed. Stops with undefined after more than
 * `maxMessages`: a frame has room for millions, which would take far more memory than its bytes.
 */
export function readClientFrame(
  protocol: Protocol,
  bytes: Uint8Array,
  maxMessages = Infinity,
): ClientMessage[] | undefined {
  const reader = new BsatnReader(bytes);
  if (protocol === 'v2.bsatn.spacetimedb') return [readClientMessage(reader, MAX_QUERIES_IN_FRAME)];
  if (bytes.length === 0) {
    throw new BsatnError('v3 websocket binary payload must contain at least one v2 client message');
  }
  const messages: ClientMessage[] = [];
  let queriesLeft = MAX_QUERIES_IN_FRAME;
  while (reader.left > 0) {
    if (messages.length >= maxMessages) return undefined;
    const message = readClientMessage(reader, queriesLeft);
    if (message.kind === 'subscribe') queriesLeft -= message.queries.length;
    messages.push(message);
  }
  return messages;
}
