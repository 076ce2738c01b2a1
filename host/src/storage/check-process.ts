// A process of its own that reads LMDB environments from end to end. LMDB trusts its file: on pages that something else has
// overwritten it ends the whole process, and this one can be spared. It prints each folder before it reads it.

import { statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILE, openEnvironment } from './lmdb-environment.ts';

const say = (what: string): void => void writeSync(1, `${what}\n`);

for (const path of process.argv.slice(2)) {
  say(path);
  try {
    readAll(path);
  } catch (error) {
    say(`! ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
// Closing would take time, and nothing was written.
process.exit(0);

function readAll(path: string): void {
  const environment = openEnvironment(path, true);
  const { lastPageNumber, pageSize } = environment.getStats() as { lastPageNumber: number; pageSize: number };
  const { size } = statSync(join(path, DATA_FILE));
  const wanted = (lastPageNumber + 1) * pageSize;
  if (size < wanted) throw new Error(`${DATA_FILE} has ${size} bytes of ${wanted}`);
  const names = Array.from(environment.getRange(), ({ key, value }) => (touch(value), key));
  for (const name of names) {
    if (name !== 'rows' && name !== 'meta') continue;
    // Both kinds of key are read as bytes here.
    const database = environment.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' });
    for (const { value } of database.getRange()) touch(value);
  }
}

/** A value's last byte is on the last of its pages. */
function touch(value: Buffer): number | undefined {
  return value[value.length - 1];
}
