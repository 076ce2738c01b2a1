// A small database for the tests of storage: stored notes, and events, which are not stored.

import { Datastore } from '../../datastore/datastore.ts';
import type { Commit } from '../../datastore/commit.ts';
import type { Table } from '../../datastore/table.ts';
import { aModule } from '../../datastore/testing/module-sketch.ts';
import type { Transaction } from '../../datastore/transaction.ts';
import { assert } from '../../errors.ts';
import { BsatnWriter } from '../../sats/writer.ts';
import type { Storage } from '../storage.ts';

export interface Note {
  /** 0 draws one. */
  readonly id?: number;
  readonly text?: string;
}

const noteModule = aModule(
  { name: 'note', columns: { id: 'u32', text: 'string' }, indexes: [[0]], uniques: [[0]], autoInc: [0] },
  { name: 'tag', columns: { note: 'u32', text: 'string' } },
  { name: 'shout', columns: { id: 'u32', text: 'string' }, isEvent: true },
);

export function encodeNote({ id = 0, text = 'a note' }: Note): Uint8Array {
  return new BsatnWriter().u32(id).string(text).finish();
}

export interface NoteDatabase {
  readonly datastore: Datastore;
  readonly note: Table;
  readonly tag: Table;
  readonly shout: Table;
  /** Runs a transaction and appends its commit to the storage. */
  readonly run: (work: (tx: Transaction) => void) => Commit;
  /** Inserts a note, or updates the one with its id. */
  readonly write: (note: Note) => Commit;
  readonly commitEmpty: () => Commit;
  /** `id text` of every note, sorted. */
  readonly show: () => string[];
}

/** A datastore restored from a storage. */
export function aDatabaseOfNotes(storage: Storage): NoteDatabase {
  const datastore = new Datastore(noteModule);
  const [note, tag, shout] = datastore.tables;
  assert(note && tag && shout, 'there are three tables');
  const state = storage.load();
  for (const { name, rows } of state.tables) {
    const table = datastore.tableByName(name);
    if (table) datastore.restore(table, rows);
  }
  datastore.restoreSequences(state.sequences);
  datastore.restoreCommitNumber(state.commitNumber);

  const run: NoteDatabase['run'] = work => {
    const tx = datastore.begin();
    work(tx);
    const commit = tx.commit();
    storage.append(commit);
    return commit;
  };
  return {
    datastore,
    note,
    tag,
    shout,
    run,
    write: row =>
      run(tx => {
        const bytes = encodeNote(row);
        const [byId] = note.indexes;
        if (byId?.first(byId.keyOf(bytes))) tx.update(note, byId, bytes);
        else tx.insert(note, bytes);
      }),
    commitEmpty: () => datastore.begin().commit(),
    show: () => Array.from(note.rows(), ({ bytes }) => showNote(note, bytes)).sort(),
  };
}

function showNote({ layout }: Table, bytes: Uint8Array): string {
  return `${Number(layout.value(bytes, 0))} ${layout.value(bytes, 1) as string}`;
}
