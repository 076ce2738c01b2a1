// The options of a client that opens a WebSocket, checked before the upgrade; the recording `handshake.jsonl` in
// `tests/conformance` pins them.

import { parseConnectionId } from '../sats/hex.ts';
import type { World } from '../world.ts';
import { PROTOCOLS, type Protocol } from '../wire/frame.ts';
import { badQuery, HttpError } from './exchange.ts';

/** The options that a client chose for its WebSocket. */
export interface Handshake {
  readonly protocol: Protocol;
  readonly connectionId: bigint;
  readonly isConfirmed: boolean;
  /** True if the client accepts compression; the host chooses how. */
  readonly takesCompression: boolean;
}

/** Reads the query and the offered subprotocols. Throws `HttpError`. */
export function readHandshake(query: URLSearchParams, offered: string | undefined, world: World): Handshake {
  const takesCompression = readWord(query, 'compression', ['None', 'Gzip', 'Brotli']) !== 'None';
  readWord(query, 'light', ['true', 'false']);
  const isConfirmed = readWord(query, 'confirmed', ['true', 'false']) !== 'false';
  const connectionId = readConnectionId(query.get('connection_id'), world);
  const offers = (offered ?? '').split(',').map(offer => offer.trim());
  const protocol = PROTOCOLS.find(each => offers.includes(each));
  if (protocol === undefined) throw new HttpError(400, 'no valid protocol selected');
  return { protocol, connectionId, isConfirmed, takesCompression };
}

function readConnectionId(text: string | null, world: World): bigint {
  if (text === null) return createConnectionId(world);
  const id = parseConnectionId(text);
  if (id === undefined) throw badQuery(`connection_id: \`${text}\` is not 32 hex digits`);
  if (id === 0n) throw new HttpError(400, 'Invalid connection ID: the all-zeros ConnectionId is reserved.');
  return id;
}

/** Makes an unused connection id. */
export function createConnectionId(world: World): bigint {
  return BigInt(`0x${Buffer.from(world.randomBytes(16)).toString('hex')}`) || 1n;
}

function readWord(query: URLSearchParams, name: string, words: readonly string[]): string | undefined {
  const given = query.get(name) ?? undefined;
  if (given !== undefined && !words.includes(given)) {
    throw badQuery(`${name}: unknown variant \`${given}\`, expected one of ${words.join(', ')}`);
  }
  return given;
}
