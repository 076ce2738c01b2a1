// Child process that commits until it is killed or its disk fails, and prints each durable number.
// Commit n writes three rows: a counter with the value n, and two tags of n.

import { writeSync } from 'node:fs';
import { HostError } from '../../errors.ts';
import { openDataFolder } from '../lmdb-folder.ts';
import { aDatabaseOfNotes, encodeNote } from './note-database.ts';

const [path = ''] = process.argv.slice(2);
const folder = await openDataFolder(path);
const identity = 1n;
if (!folder.database(identity)) await folder.createDatabase({ identity, owner: 2n, names: ['writer'] });
const storage = await folder.openStorage(identity);
const { note, tag, run, datastore } = aDatabaseOfNotes(storage);
const print = (what: string): void => void writeSync(1, `${what}\n`);
storage.onDurable(number => print(`durable ${number}`));

function commitOnce(): void {
  const number = datastore.commitNumber + 1;
  run(tx => {
    const counter = encodeNote({ id: 1, text: String(number).padEnd(200) });
    const [byId] = note.indexes;
    if (byId?.first(byId.keyOf(counter))) tx.update(note, byId, counter);
    else tx.insert(note, counter);
    tx.insert(tag, encodeNote({ id: number, text: 'first' }));
    tx.insert(tag, encodeNote({ id: number, text: 'second' }));
  });
}

try {
  for (;;) {
    for (let burst = 0; burst < 20; burst++) commitOnce();
    if (datastore.commitNumber % 100 === 0) await storage.whenDurable(datastore.commitNumber);
    else await new Promise(resolve => setImmediate(resolve));
  }
} catch (error) {
  if (!(error instanceof HostError)) throw error;
  const refused = storage.refusal?.code;
  const late = await storage.whenDurable(datastore.commitNumber).catch((reason: unknown) => reason);
  await folder.close();
  print(`failed ${error.code} ${refused ?? 'without a refusal'} ${late instanceof HostError ? late.code : 'durable'}`);
}
