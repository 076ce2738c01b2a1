// BsatnRowList: concatenated rows with a hint where each begins. Built once, copied into many messages. Defined by
// clockworklabs/SpacetimeDB: crates/client-api-messages/src/websocket/common.rs.

/** A row in its encoded form; a stored row is one. */
export interface EncodedRow {
  readonly bytes: Uint8Array;
}

const FIXED_SIZE = 0;
const ROW_OFFSETS = 1;
const MAX_FIXED_SIZE = 0xffff;

/** The list without rows. */
export const EMPTY_ROW_LIST: Uint8Array = new Uint8Array([ROW_OFFSETS, 0, 0, 0, 0, 0, 0, 0, 0]);

/** Encodes a list; a row that occurs several times in `rows` is repeated. */
export function encodeRowList(rows: readonly EncodedRow[]): Uint8Array {
  if (rows.length === 0) return EMPTY_ROW_LIST;
  const width = commonWidth(rows);
  let length = 0;
  for (const row of rows) length += row.bytes.length;
  const hintLength = width === undefined ? 1 + 4 + 8 * rows.length : 1 + 2;
  const list = new Uint8Array(hintLength + 4 + length);
  if (width === undefined) {
    list[0] = ROW_OFFSETS;
    writeU32(list, 1, rows.length);
    let offset = 0;
    let at = 5;
    for (const { bytes } of rows) {
      writeU64(list, at, offset);
      offset += bytes.length;
      at += 8;
    }
  } else {
    list[0] = FIXED_SIZE;
    list[1] = width;
    list[2] = width >> 8;
  }
  writeU32(list, hintLength, length);
  let at = hintLength + 4;
  for (const { bytes } of rows) {
    list.set(bytes, at);
    at += bytes.length;
  }
  return list;
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** For numbers below 2^53; avoids a bigint. */
function writeU64(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, value % 2 ** 32);
  writeU32(bytes, at + 4, Math.floor(value / 2 ** 32));
}

/** The common length of the rows; undefined if they differ or it does not fit a fixed size. */
function commonWidth(rows: readonly EncodedRow[]): number | undefined {
  const width = rows[0]?.bytes.length ?? 0;
  if (width === 0 || width > MAX_FIXED_SIZE) return undefined;
  return rows.every(row => row.bytes.length === width) ? width : undefined;
}
