// Identities and connection ids as text: big-endian hex of an exact length.

const IDENTITY_DIGITS = 64;
const CONNECTION_ID_DIGITS = 32;

/** An identity as 64 hex digits. */
export function identityToHex(identity: bigint): string {
  return identity.toString(16).padStart(IDENTITY_DIGITS, '0');
}

/** A connection id as 32 hex digits. */
export function connectionIdToHex(connectionId: bigint): string {
  return connectionId.toString(16).padStart(CONNECTION_ID_DIGITS, '0');
}

/** Parses 64 hex digits, with or without `0x`; undefined for any other text. */
export function parseIdentity(text: string): bigint | undefined {
  return parseHex(text, IDENTITY_DIGITS);
}

/** Parses 32 hex digits, with or without `0x`; undefined for any other text. */
export function parseConnectionId(text: string): bigint | undefined {
  return parseHex(text, CONNECTION_ID_DIGITS);
}

/** Bytes as lower-case hex, in their order. */
export function bytesToHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Parses an even number of hex digits, with or without `0x`; undefined for any other text. */
export function parseBytes(text: string): Uint8Array | undefined {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !isHex(digits)) return undefined;
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

function parseHex(text: string, length: number): bigint | undefined {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  return digits.length === length && isHex(digits) ? BigInt(`0x${digits}`) : undefined;
}

function isHex(digits: string): boolean {
  return /^[0-9a-fA-F]*$/.test(digits);
}
