import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { LmdbStorage } from './lmdb-storage.ts';
import { describeStorage } from './storage.suite.ts';
import { aDatabaseOfNotes, type NoteDatabase, encodeNote } from './testing/note-database.ts';

const root = mkdtempSync(join(tmpdir(), 'agora-storage-'));
let folders = 0;
const newFolder = (): string => join(root, String(folders++));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describeStorage('lmdb', () => LmdbStorage.open(newFolder()));

describe('lmdb, opened again', () => {
  const opened: LmdbStorage[] = [];
  function open(folder: string): LmdbStorage {
    const storage = LmdbStorage.open(folder);
    opened.push(storage);
    return storage;
  }
  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.close();
  });

  test('has the rows, with their keys, as the last commit left them', async () => {
    const folder = newFolder();
    const first = open(folder);
    const before = aDatabaseOfNotes(first);
    before.write({ id: 1, text: 'one' });
    before.write({ id: 2, text: 'two' });
    before.write({ id: 1, text: 'uno' });
    before.run(tx => {
      for (const row of [...before.note.rows()]) if (row.key === 2) tx.deleteRow(before.note, row);
      tx.insert(before.tag, encodeNote({ id: 9, text: 'x' }));
    });
    await first.close();

    const second = open(folder);
    const after = aDatabaseOfNotes(second);

    expect(after.show()).toEqual(['1 uno']);
    expect(Array.from(after.note.rows(), row => row.key)).toEqual([1]);
    expect(after.tag.count).toBe(1);
    expect(second.durable).toBe(4);
    expect(after.write({ id: 3 })).toMatchObject({ number: 5, changes: [{ inserts: [{ key: 2 }] }] });
  });

  test('continues sequences after their reserved values, including those of rolled back transactions', async () => {
    const folder = newFolder();
    const first = open(folder);
    const before = aDatabaseOfNotes(first);
    const tx = before.datastore.begin();
    tx.insert(before.note, encodeNote({}));
    tx.rollback();
    before.write({});
    expect(before.show()).toEqual(['2 a note']);
    await first.close();

    const after = aDatabaseOfNotes(open(folder));
    after.write({});
    expect(after.show()).toEqual(['2 a note', '4097 a note']);
  });

  test('stores neither events nor the rows of views', async () => {
    const folder = newFolder();
    const first = open(folder);
    const { run, shout, note, datastore } = aDatabaseOfNotes(first);
    const view = datastore.createRelation({ ...note.def, name: 'view', sequences: [] }, note.layout.type);
    const commit = run(tx => {
      tx.insert(shout, encodeNote({ id: 1 }));
      tx.insert(view, encodeNote({ id: 1 }));
    });
    expect(commit.changes).toHaveLength(2);
    await first.close();
    expect(open(folder).load()).toMatchObject({ commitNumber: 1, tables: [] });
  });

  test('has the clients that did not disconnect, and the stored values', async () => {
    const folder = newFolder();
    const first = open(folder);
    const { commitEmpty, write } = aDatabaseOfNotes(first);
    const claims = new TextEncoder().encode('{"sub":"é"}');
    const stays = { identity: 2n ** 255n + 1n, connectionId: 7n, claims };
    first.append(commitEmpty(), { connected: stays });
    first.append(commitEmpty(), { connected: { identity: 1n, connectionId: 8n, claims: undefined } });
    first.append(write({ id: 1 }), { disconnected: 8n, meta: { program: new Uint8Array(100_000).fill(3) } });
    await first.close();

    const second = open(folder);
    const { clients } = second.load();
    expect(clients.map(client => ({ ...client, claims: Uint8Array.from(client.claims ?? []) }))).toEqual([stays]);
    expect(second.getMeta('program')).toHaveLength(100_000);
  });

  test('removes a dropped table completely, and its name can be used again', async () => {
    const folder = newFolder();
    const first = open(folder);
    const { write, commitEmpty, run, tag } = aDatabaseOfNotes(first);
    write({ text: 'gone' });
    run(tx => void tx.insert(tag, encodeNote({ id: 5 })));
    first.append(commitEmpty(), { droppedTables: ['note', 'never was'] });
    write({ id: 2, text: 'new' });
    await first.close();

    const second = open(folder);
    const after = aDatabaseOfNotes(second);
    expect(after.show()).toEqual(['2 new']);
    expect(after.tag.count).toBe(1);
    expect(second.load().sequences).toEqual([]);
  });

  describe('reuses the disk space of deleted data', () => {
    type Turn = (database: NoteDatabase, round: number) => void;
    const WINDOW = 200;
    const turns: [name: string, turn: Turn][] = [
      [
        'rows that are written again and again',
        ({ write }, round) => {
          for (let id = 1; id <= WINDOW; id++) write({ id, text: `${round}`.padEnd(300) });
        },
      ],
      [
        'a queue, whose rows come at one end and go at the other',
        ({ run, note }, round) => {
          for (let at = 0; at < WINDOW; at++) {
            run(tx => {
              tx.insert(note, encodeNote({ text: `${round}`.padEnd(300) }));
              const [oldest] = note.rows();
              if (oldest && note.count > WINDOW) tx.deleteRow(note, oldest);
            });
          }
        },
      ],
      [
        'rows of many sizes',
        ({ write }, round) => {
          for (let id = 1; id <= WINDOW; id++) write({ id, text: 'x'.repeat(((id * 7919 + round * 31) % 20) * 100) });
        },
      ],
    ];
    test.each(turns)('%s', async (_name, turn) => {
      const folder = newFolder();
      const storage = open(folder);
      const database = aDatabaseOfNotes(storage);
      let round = 0;
      const bytesAfter = async (rounds: number): Promise<number> => {
        for (const end = round + rounds; round < end; round++) {
          turn(database, round);
          await storage.whenDurable(database.datastore.commitNumber);
        }
        return statSync(join(folder, 'data.mdb')).size;
      };
      const early = await bytesAfter(20);
      expect(await bytesAfter(180)).toBeLessThan(1.5 * early);
    });
  });

  test('stores a large commit as one commit', async () => {
    const folder = newFolder();
    const storage = open(folder);
    const { run, note } = aDatabaseOfNotes(storage);
    const text = 'x'.repeat(2000);
    const commit = run(tx => {
      for (let id = 1; id <= 20_000; id++) tx.insert(note, encodeNote({ id, text }));
    });
    expect(storage.backlogBytes).toBeGreaterThan(40_000_000);
    let hadRoom = false;
    const room = storage.whenRoom().then(() => (hadRoom = true));
    await Promise.resolve();
    expect(hadRoom).toBe(false);
    await storage.whenDurable(commit.number);
    await room;
    await storage.close();
    expect(aDatabaseOfNotes(open(folder)).note.count).toBe(20_000);
  });

  test('refuses calls while the backlog is too large, and accepts them afterwards', async () => {
    const storage = open(newFolder());
    const { run, note } = aDatabaseOfNotes(storage);
    const text = 'x'.repeat(3_000_000);
    for (let id = 1; storage.refusal === undefined; id++) {
      expect(id).toBeLessThan(200);
      run(tx => void tx.insert(note, encodeNote({ id, text })));
    }
    expect(storage.refusal).toMatchObject({ code: 'storage/overloaded' });
    await storage.whenRoom();
    expect(storage.refusal).toBeUndefined();
  });

  test('refuses names that no record can have, and stores nothing of the commit', async () => {
    const folder = newFolder();
    const storage = open(folder);
    const { commitEmpty, write } = aDatabaseOfNotes(storage);
    const meta = { ['x'.repeat(2000)]: new Uint8Array(1) };
    expect(() => storage.append(commitEmpty(), { meta })).toThrow(
      expect.objectContaining({ code: 'storage/write-failed' }),
    );
    await storage.whenDurable(write({ id: 1 }).number);
  });

  test('has files that only their owner can read', async () => {
    const folder = newFolder();
    await open(folder).close();
    for (const path of [folder, ...readdirSync(folder).map(file => join(folder, file))]) {
      expect(statSync(path).mode & 0o077).toBe(0);
    }
  });
});
