// Child process that reads LMDB environments from end to end. LMDB trusts its file: on overwritten pages it ends the whole
// process, so the host does not read them first. The process prints each folder before it reads it.

import { statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILE, openEnvironment } from './lmdb-environment.ts';

const print = (what: string): void => void writeSync(1, `${what}\n`);

for (const path of process.argv.slice(2)) {
  print(path);
  try {
    readAll(path);
  } catch (error) {
    print(`! ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
// Closing would cost time, and nothing was written.
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
    // Both kinds of key are read as bytes.
    const database = environment.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' });
    for (const { value } of database.getRange()) touch(value);
  }
}

/** Reads the last byte of a value, which is on its last page. */
function touch(value: Buffer): number | undefined {
  return value[value.length - 1];
}
