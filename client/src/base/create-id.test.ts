import { UUID_V7 } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { createId } from './create-id.ts';

describe('ids', () => {
  test('are UUIDv7, of now, in the order in which they were made, and never the same', () => {
    const before = Date.now();
    const ids = Array.from({ length: 20_000 }, createId);
    expect(ids.every(id => UUID_V7.test(id))).toBe(true);
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    const first = parseInt((ids[0] ?? '').replaceAll('-', '').slice(0, 12), 16);
    expect(first).toBeGreaterThanOrEqual(before);
    expect(first - before).toBeLessThan(1_000);
  });
});
