// Identities: numbers derived from the issuer and subject of a token, as in SpacetimeDB's `crates/lib/src/identity.rs`.

import { blake3 } from '@noble/hashes/blake3.js';

const HASH_BYTES = 26;
const CHECKSUM_BYTES = 4;
const PREFIX = Uint8Array.of(0xc2, 0x00);

/** The identity of a subject of an issuer. */
export function deriveIdentity(issuer: string, subject: string): bigint {
  const hash = blake3(new TextEncoder().encode(`${issuer}|${subject}`)).subarray(0, HASH_BYTES);
  const checksum = blake3(Buffer.concat([PREFIX, hash])).subarray(0, CHECKSUM_BYTES);
  return BigInt(`0x${Buffer.concat([PREFIX, checksum, hash]).toString('hex')}`);
}
