import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex, connectionIdToHex, identityToHex, parseBytes, parseConnectionId, parseIdentity } from './hex.ts';

test('identities and connection ids survive a round trip through text, with or without 0x', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), identity => {
      const connectionId = identity >> 128n;
      expect(identityToHex(identity)).toHaveLength(64);
      expect(parseIdentity(identityToHex(identity))).toBe(identity);
      expect(parseIdentity(`0x${identityToHex(identity).toUpperCase()}`)).toBe(identity);
      expect(connectionIdToHex(connectionId)).toHaveLength(32);
      expect(parseConnectionId(connectionIdToHex(connectionId))).toBe(connectionId);
    }),
  );
});

test('an identity of another length or with other digits is not parsed', () => {
  for (const text of [
    '',
    '0x',
    '00',
    'g'.repeat(64),
    '0'.repeat(63),
    '0'.repeat(65),
    ` ${'0'.repeat(63)}`,
    '-'.repeat(64),
  ]) {
    expect(parseIdentity(text)).toBeUndefined();
  }
  expect(parseConnectionId('0'.repeat(64))).toBeUndefined();
});

test('bytes survive a round trip through text', () => {
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      expect(parseBytes(bytesToHex(bytes))).toEqual(bytes);
    }),
  );
  expect(parseBytes('0x00ff')).toEqual(Uint8Array.of(0, 255));
  expect(parseBytes('abc')).toBeUndefined();
  expect(parseBytes('zz')).toBeUndefined();
});
