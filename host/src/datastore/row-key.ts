// A key: the BSATN of some columns, one after the other, as a latin1 string, so that a Map can find it.

/** The key that is written in `bytes` from `start` to `end`. Equal keys are equal bytes, also for floats. */
export function keyOfBytes(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const at = start;
  switch (end - start) {
    case 4:
      return String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0);
    default:
      return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).latin1Slice();
  }
}
