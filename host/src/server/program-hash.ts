// The hash of a program, and the token that acknowledges a publish which breaks clients (contract 8.4).

import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, identityToHex } from '../sats/hex.ts';

/** What a bundle is known by, hex. */
export function programHash(bundle: Uint8Array): string {
  return bytesToHex(keccak_256(bundle));
}

/** What a publisher must say to replace one bundle by another although that breaks clients. It holds no secret. */
export function breakToken(database: bigint, before: Uint8Array, after: Uint8Array): bigint {
  const text = identityToHex(database) + programHash(before) + programHash(after);
  return BigInt(`0x${bytesToHex(keccak_256(new TextEncoder().encode(text)))}`);
}
