import { describe, expect, test } from 'vitest';
import { Ledger, Numbers } from './ledger.ts';

const seen = (fates: Record<string, string>): Map<string, string> => new Map(Object.entries(fates));

describe('the ledger', () => {
  test('requires confirmed changes, and accepts unanswered ones either way', () => {
    for (const actual of [{ a: '1' }, { a: '1', b: '2' }] as Record<string, string>[]) {
      const ledger = new Ledger();
      ledger.begin('a', '1');
      ledger.confirm('a');
      ledger.begin('b', '2');
      expect(ledger.compare(seen(actual))).toEqual([]);
      expect(ledger.compare(seen(actual))).toEqual([]);
      expect(ledger.sure('')).toEqual(Object.keys(actual));
    }
  });

  test('finds lost, changed and never sent rows', () => {
    const ledger = new Ledger();
    for (const key of ['a', 'b', 'c']) {
      ledger.begin(key, '1');
      ledger.confirm(key);
    }
    ledger.begin('c', undefined);
    ledger.confirm('c');
    ledger.begin('b', '2');
    expect(ledger.compare(seen({ b: '3', c: '1', d: '1' }))).toEqual([
      'a is gone, and should be 1',
      'b is 3, and should be 1 or 2',
      'c is there, and nobody sent it',
      'd is there, and nobody sent it',
    ]);
  });
});

describe('numbers', () => {
  test('belong to one row, however often they are read', () => {
    const numbers = new Numbers();
    for (const [sequence, owner] of [
      ['entry', 'a'],
      ['entry', 'a'],
      ['part', 'b'],
    ] as const) {
      numbers.note(sequence, 1, owner);
    }
    expect(numbers.faults).toEqual([]);
    numbers.note('entry', 1n, 'c');
    expect(numbers.faults).toEqual(['entry 1 was given to a and to c']);
  });
});
