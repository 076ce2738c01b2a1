// A BsatnRowList: many rows one after the other, and a hint where each begins. Built once, copied into many messages.

/** What a list is built from; a stored row is one. */
export interface EncodedRow {
  readonly bytes: Uint8Array;
}

const FIXED_SIZE = 0;
const ROW_OFFSETS = 1;
const WIDEST_FIXED_SIZE = 0xffff;

/** The list without rows. */
export const EMPTY_ROW_LIST: Uint8Array = encodeRowList([]);

/** Builds the finished list; a row that stands in `rows` several times is repeated. */
export function encodeRowList(rows: readonly EncodedRow[]): Uint8Array {
  const width = commonWidth(rows);
  let length = 0;
  for (const row of rows) length += row.bytes.length;
  const hintLength = width === undefined ? 1 + 4 + 8 * rows.length : 1 + 2;
  const list = new Uint8Array(hintLength + 4 + length);
  const view = new DataView(list.buffer);
  let at = hintLength + 4;
  if (width === undefined) {
    list[0] = ROW_OFFSETS;
    view.setUint32(1, rows.length, true);
    let offsetAt = 5;
    for (const { bytes } of rows) {
      const offset = at - hintLength - 4;
      // A list is far shorter than 2^53 bytes, so its offsets are written as two halves instead of a bigint.
      view.setUint32(offsetAt, offset % 2 ** 32, true);
      view.setUint32(offsetAt + 4, Math.floor(offset / 2 ** 32), true);
      offsetAt += 8;
      list.set(bytes, at);
      at += bytes.length;
    }
  } else {
    list[0] = FIXED_SIZE;
    view.setUint16(1, width, true);
    for (const { bytes } of rows) {
      list.set(bytes, at);
      at += bytes.length;
    }
  }
  view.setUint32(hintLength, length, true);
  return list;
}

/** The length of every row, or undefined if they differ or a fixed size cannot say it. */
function commonWidth(rows: readonly EncodedRow[]): number | undefined {
  const width = rows[0]?.bytes.length ?? 0;
  if (width === 0 || width > WIDEST_FIXED_SIZE) return undefined;
  return rows.every(row => row.bytes.length === width) ? width : undefined;
}
