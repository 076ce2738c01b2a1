// Checksums over the stored records, updated with each write and compared on load: LMDB itself does not detect a changed
// byte or a lost page of rows.

import { crc32 } from 'node:zlib';

/** The number of records and the sum of their CRC-32s modulo 2^32, which does not depend on their order. */
export interface CheckSum {
  readonly count: number;
  readonly sum: number;
}

export const NO_RECORDS: CheckSum = { count: 0, sum: 0 };

/** The CRC-32 of a record, its key included. */
export function sumOfRow(key: number, bytes: Uint8Array): number {
  return crc32(bytes, key % 2 ** 32);
}

/** A sum with one record added, or removed (`sign` -1). */
export function added({ count, sum }: CheckSum, crc: number, sign: 1 | -1 = 1): CheckSum {
  return { count: count + sign, sum: (sum + sign * crc) >>> 0 };
}

export function isSameSum(a: CheckSum, b: CheckSum): boolean {
  return a.count === b.count && a.sum === b.sum;
}

/** The sum over named records, which are replaced by name. */
export class NamedSum {
  readonly #sums = new Map<string, number>();
  #total = NO_RECORDS;

  get total(): CheckSum {
    return this.#total;
  }

  put(name: string, value: Uint8Array): void {
    this.remove(name);
    const crc = crc32(value, crc32(name));
    this.#sums.set(name, crc);
    this.#total = added(this.#total, crc);
  }

  remove(name: string): void {
    const crc = this.#sums.get(name);
    if (crc === undefined) return;
    this.#sums.delete(name);
    this.#total = added(this.#total, crc, -1);
  }
}
