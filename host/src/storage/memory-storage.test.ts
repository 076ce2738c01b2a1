import { expect, test } from 'vitest';
import { createMemoryStorage } from './memory-storage.ts';
import { describeStorage } from './storage.suite.ts';
import { aDatabaseOfNotes } from './testing/note-database.ts';

describeStorage('memory', () => createMemoryStorage());

test('memory storage confirms a commit immediately', () => {
  const storage = createMemoryStorage();
  const { write } = aDatabaseOfNotes(storage);
  write({ id: 1 });
  expect(storage.durable).toBe(1);
});
