import { UUID_V7 } from '@agora/module/contract';
import { describe, expect, test, vi } from 'vitest';
import { createId } from './create-id.ts';

describe('ids', () => {
  test('are UUIDv7, of now, in the order in which they were made, and never the same', () => {
    const before = Date.now();
    const ids = Array.from({ length: 20_000 }, createId);
    expect(ids.every(id => UUID_V7.test(id))).toBe(true);
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    const first = timeOf(ids[0] ?? '');
    expect(first).toBeGreaterThanOrEqual(before);
    expect(first - before).toBeLessThan(1_000);
  });

  test('follow a clock that was ahead for a while and was corrected', () => {
    vi.useFakeTimers();
    try {
      const now = Date.now();
      vi.setSystemTime(now + 3_600_000);
      createId();
      vi.setSystemTime(now + 1_000);
      expect(timeOf(createId())).toBe(now + 1_000);
      vi.setSystemTime(now);
      expect(timeOf(createId())).toBe(now + 1_000); // set back a little: the order stays
    } finally {
      vi.useRealTimers();
    }
  });
});

function timeOf(id: string): number {
  return parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}
