// The hash of a program, and the token that acknowledges a breaking publish: `MigrationToken` in SpacetimeDB's
// `crates/schema/src/auto_migrate.rs`.

import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, identityToHex } from '../sats/hex.ts';

/** The hash of a bundle, hex. */
export function programHash(bundle: Uint8Array): string {
  return bytesToHex(keccak_256(bundle));
}

/** The token for replacing one bundle by another although that breaks clients. It holds no secret. */
export function breakToken(database: bigint, before: Uint8Array, after: Uint8Array): bigint {
  const text = identityToHex(database) + programHash(before) + programHash(after);
  return BigInt(`0x${bytesToHex(keccak_256(new TextEncoder().encode(text)))}`);
}
