// Pages of rows by time, newest first. A range of an index is read whole on SpacetimeDB, so a page reads narrow ranges: each is
// wider than the last one while few rows are found, and is halved if it has too many.

import { Range } from 'spacetimedb/server';
import { LIMITS } from '../contract/limits.ts';
import type { Ctx } from '../schema.ts';

/** The first range. */
const FIRST_MICROS = 250_000n;
/** Below this many rows, the next range is wider. */
const FEW = 64;
const MANY = 1_024;

/** A page, and the `before` of the next one; 0 if there is none. */
export interface NewestPage<Result> {
  readonly rows: Result[];
  readonly next: bigint;
}

/**
 * Returns results of the rows before a time, newest first. A page ends between two times, so it may have more rows than `limit`
 * if a call has written several at its last time; it looks at about `LIMITS.lookUps` rows and may be empty and not the last.
 */
export function newestPage<Row, Result>(
  read: (range: Range<bigint>) => Iterable<Row>,
  timeOf: (row: Row) => bigint,
  { before, limit }: { readonly before: bigint; readonly limit: number },
  resultOf: (row: Row) => Result | undefined,
): NewestPage<Result> {
  const rows: Result[] = [];
  let end = before;
  let width = FIRST_MICROS;
  let looked = 0;
  while (end > 0n) {
    const start = end > width ? end - width : 0n;
    const found = readRange(read, start, end);
    if (found === undefined) {
      width /= 2n;
      continue;
    }
    found.sort((a, b) => (timeOf(a) > timeOf(b) ? -1 : timeOf(a) < timeOf(b) ? 1 : 0));
    let last = end;
    for (const row of found) {
      const at = timeOf(row);
      if (at < last && (rows.length >= limit || looked >= LIMITS.lookUps)) return { rows, next: last };
      last = at;
      looked++;
      const result = resultOf(row);
      if (result !== undefined) rows.push(result);
    }
    if (rows.length >= limit || looked >= LIMITS.lookUps) return { rows, next: start };
    end = start;
    if (found.length < FEW) width *= 4n;
  }
  return { rows, next: 0n };
}

/** Returns the rows of a range, or undefined if they are too many and the range can be halved. */
function readRange<Row>(read: (range: Range<bigint>) => Iterable<Row>, start: bigint, end: bigint): Row[] | undefined {
  const rows: Row[] = [];
  const range = new Range<bigint>({ tag: 'included', value: start }, { tag: 'excluded', value: end });
  for (const row of read(range)) {
    if (rows.length === MANY && end - start > 1n) return undefined;
    rows.push(row);
  }
  return rows;
}

/** The `before` of the first page: the next microsecond, so that rows of the present one are in it. */
export function afterNow({ timestamp }: Pick<Ctx, 'timestamp'>): bigint {
  return timestamp.microsSinceUnixEpoch + 1n;
}
