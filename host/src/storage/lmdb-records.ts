// Record formats of a database's LMDB environment. The key of a row is its table number and storage key, both big-endian;
// all other records are in `meta` with a text key.

import { z } from 'zod';
import type { StoredSequence } from '../datastore/datastore.ts';
import { HostError } from '../errors.ts';
import type { CheckSum } from './check-sums.ts';
import type { ClientRecord } from './storage.ts';

/** Raised when older versions cannot read the records; see `storage/damaged`. */
export const FORMAT = 1;

/** The keys of the records in `meta`. */
export const META = {
  format: 'format',
  commit: 'commit',
  table: (name: string): string => `table/${name}`,
  sequence: (table: string, name: string): string => `sequence/${table}/${name}`,
  client: (connectionId: bigint): string => `client/${connectionId.toString(16).padStart(32, '0')}`,
  user: (name: string): string => `user/${name}`,
  /** The sum over all other records in `meta`. */
  check: 'check',
  /** The sum over the rows of a table. */
  tableCheck: (name: string): string => `check/${name}`,
} as const;

/** The length of the key of a row. */
export const ROW_KEY_BYTES = 10;

/** Writes the key of a row. Storage keys are below 2^48: a million new rows a second for nine years. */
export function writeRowKey(into: Buffer, table: number, key: number): Buffer {
  into.writeUInt32BE(table, 0);
  into.writeUIntBE(key, 4, 6);
  return into;
}

/** Reads the table number and the storage key from the key of a row. */
export function readRowKey(key: Buffer): { readonly table: number; readonly key: number } {
  return { table: key.readUInt32BE(0), key: key.readUIntBE(4, 6) };
}

const aBigInt = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);

const client = z.object({ identity: aBigInt, connectionId: aBigInt, claims: z.base64().optional() });
const sequence = z.object({ table: z.string(), name: z.string(), reserved: aBigInt });
const number = z.int().nonnegative();
const check = z.object({ count: number, sum: number });

/** Small records are JSON, readable with any LMDB tool. */
export const records = {
  number: (value: number): Buffer => toJson(value),
  check: ({ count, sum }: CheckSum): Buffer => toJson({ count, sum }),
  sequence: ({ table, name, reserved }: StoredSequence): Buffer => toJson({ table, name, reserved: String(reserved) }),
  client: ({ identity, connectionId, claims }: ClientRecord): Buffer =>
    toJson({
      identity: String(identity),
      connectionId: String(connectionId),
      claims: claims && Buffer.from(claims).toString('base64'),
    }),
};

/** Throws `storage/damaged` for a record that this version did not write. */
export const parse = {
  number: (bytes: Uint8Array, what: string): number => fromJson(number, bytes, what),
  check: (bytes: Uint8Array, what: string): CheckSum => fromJson(check, bytes, what),
  sequence: (bytes: Uint8Array, what: string): StoredSequence => fromJson(sequence, bytes, what),
  client: (bytes: Uint8Array, what: string): ClientRecord => {
    const { identity, connectionId, claims } = fromJson(client, bytes, what);
    return { identity, connectionId, claims: claims === undefined ? undefined : Buffer.from(claims, 'base64') };
  },
};

/** Writes a record as JSON. */
export function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Reads a record and checks its shape. Throws `storage/damaged`, which names the record by `what`. */
export function fromJson<T>(shape: z.ZodType<T>, bytes: Uint8Array, what: string): T {
  try {
    return shape.parse(JSON.parse(Buffer.from(bytes).toString()));
  } catch (cause) {
    throw new HostError('storage/damaged', `the record ${what} cannot be read`, { cause });
  }
}
