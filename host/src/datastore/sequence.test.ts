import { describe, expect, test } from 'vitest';
import { Sequence, SEQUENCE_BLOCK } from './sequence.ts';

const def = { name: 's', column: 0, start: 1n, min: 1n, max: 2n ** 127n - 1n, increment: 1n };

function draw(sequence: Sequence, width = 8): bigint {
  const bytes = new Uint8Array(width + 1);
  sequence.drawInto(bytes, 1, width);
  return bytes.reduceRight((value, byte, at) => (at === 0 ? value : (value << 8n) | BigInt(byte)), 0n);
}

describe('a sequence', () => {
  test('counts from its start and reserves a block at a time', () => {
    const sequence = new Sequence(def);
    const blocks: bigint[] = [];
    const bytes = new Uint8Array(8);
    for (let drawn = 0; drawn < 2 * SEQUENCE_BLOCK + 1; drawn++) {
      if (sequence.drawInto(bytes, 0, 8)) blocks.push(sequence.reserved);
    }
    expect(blocks).toEqual([4097n, 8193n, 12289n]);
    expect(new DataView(bytes.buffer).getBigUint64(0, true)).toBe(8193n);
  });

  test('continues after the reserved values', () => {
    const sequence = new Sequence(def);
    sequence.restore(4097n);
    expect([draw(sequence), draw(sequence)]).toEqual([4097n, 4098n]);
  });

  test('continues at the current value of the sequence that it replaces', () => {
    const older = new Sequence(def);
    draw(older);
    const sequence = new Sequence(def);
    sequence.adopt(older);
    expect(draw(sequence)).toBe(2n);
  });

  test('truncates values to the width of the column', () => {
    const sequence = new Sequence(def);
    sequence.restore(255n);
    expect([draw(sequence, 1), draw(sequence, 1), draw(sequence, 1)]).toEqual([255n, 0n, 1n]);
  });

  test('fills wide columns, with negative values too', () => {
    const sequence = new Sequence({ ...def, start: -1n, min: -10n });
    expect([draw(sequence, 16), draw(sequence, 16)]).toEqual([2n ** 128n - 1n, 0n]);
    sequence.restore(-2n);
    expect(draw(sequence, 32)).toBe(2n ** 256n - 2n);
  });

  test('wraps around after its last value, in either direction', () => {
    const up = new Sequence({ ...def, max: 3n });
    expect([1, 2, 3, 4].map(() => draw(up))).toEqual([1n, 2n, 3n, 1n]);
    const down = new Sequence({ ...def, start: 2n, max: 3n, increment: -1n });
    expect([1, 2, 3, 4].map(() => draw(down))).toEqual([2n, 1n, 3n, 2n]);
  });
});
