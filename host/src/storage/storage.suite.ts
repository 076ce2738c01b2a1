// Contract tests for every implementation of `Storage`.

import { afterEach, describe, expect, test } from 'vitest';
import { aDatabaseOfNotes } from './testing/note-database.ts';
import type { Storage } from './storage.ts';

/** Describes a storage; `open` creates a new one for each test. */
export function describeStorage(name: string, open: () => Storage): void {
  describe(`${name}, as a storage`, () => {
    let storage: Storage;
    const opened = (): Storage => (storage = open());
    afterEach(() => storage.close());

    test('is empty at first', () => {
      const state = opened().load();
      expect(state).toMatchObject({ commitNumber: 0, sequences: [], clients: [] });
      expect(state.tables).toHaveLength(0);
      expect(storage.durable).toBe(0);
      expect(storage.getMeta('program')).toBeUndefined();
    });

    test('makes commits durable in order, and notifies all listeners and waiters', async () => {
      const { write } = aDatabaseOfNotes(opened());
      const heard: number[] = [];
      const stop = storage.onDurable(number => heard.push(number));
      for (let number = 1; number <= 20; number++) write({ id: number });

      await Promise.all([storage.whenDurable(1), storage.whenDurable(20), storage.whenDurable(7)]);

      expect(storage.durable).toBe(20);
      expect(heard).toEqual(heard.toSorted((a, b) => a - b));
      expect(heard.at(-1)).toBe(20);
      expect(storage.backlogBytes).toBe(0);
      stop();
      write({ id: 21 });
      await storage.whenDurable(21);
      expect(heard.at(-1)).toBe(20);
    });

    test('resolves immediately for a durable commit', async () => {
      const { write, datastore } = aDatabaseOfNotes(opened());
      write({ id: 1 });
      await storage.whenDurable(1);
      await storage.whenDurable(1);
      storage.append(datastore.begin().commit());
      await storage.whenDurable(1);
      await storage.whenRoom();
    });

    test('returns appended values, written or not', async () => {
      const { commitEmpty, write } = aDatabaseOfNotes(opened());
      storage.append(commitEmpty(), { meta: { program: new Uint8Array([1]), schema: new Uint8Array([2]) } });
      expect(storage.getMeta('program')).toEqual(new Uint8Array([1]));
      storage.append(commitEmpty(), { meta: { schema: undefined } });
      expect(storage.getMeta('schema')).toBeUndefined();
      write({ id: 1 });
      await storage.whenDurable(1);
      expect(Array.from(storage.getMeta('program') ?? [])).toEqual([1]);
      expect(storage.getMeta('schema')).toBeUndefined();
    });

    test('writes its backlog on close, and refuses further commits', async () => {
      const { write } = aDatabaseOfNotes(opened());
      write({ id: 1 });
      const durable = storage.whenDurable(1);
      await storage.close();
      await storage.close();
      await durable;
      expect(storage.refusal).toMatchObject({ code: 'database/closed' });
      expect(() => write({ id: 2 })).toThrow(expect.objectContaining({ code: 'database/closed' }));
    });

    test('refuses to wait for a commit that was not appended', () => {
      const waiting = async (): Promise<void> => opened().whenDurable(5);
      return expect(waiting()).rejects.toThrow('broken invariant');
    });
  });
}
