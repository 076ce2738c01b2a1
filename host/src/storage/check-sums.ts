// Sums over what is stored, kept as it is written and compared when it is read: LMDB itself would not notice a byte that
// changed or a page of rows that is gone.

import { crc32 } from 'node:zlib';

/** How many records there are, and the sum of their CRC-32s modulo 2^32: the order in which they came does not matter. */
export interface CheckSum {
  readonly count: number;
  readonly sum: number;
}

export const NO_RECORDS: CheckSum = { count: 0, sum: 0 };

/** The CRC-32 of a record, its key included. */
export function sumOfRow(key: number, bytes: Uint8Array): number {
  return crc32(bytes, key % 2 ** 32);
}

/** A sum with another record, or with one less (`sign` -1). */
export function added({ count, sum }: CheckSum, crc: number, sign: 1 | -1 = 1): CheckSum {
  return { count: count + sign, sum: (sum + sign * crc) >>> 0 };
}

export function isSameSum(a: CheckSum, b: CheckSum): boolean {
  return a.count === b.count && a.sum === b.sum;
}

/** The sum over records that are replaced by name. */
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
