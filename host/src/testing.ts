// What tests of a module need: a database without a socket, a clock that is moved by hand, values as SATS-JSON.

export { Database, type CallOutcome, type Caller, type ProcedureOutcome } from './database.ts';
export { TestWorld } from './database/test-world.ts';
export type { Table } from './datastore/table.ts';
export { fromJson, toJson } from './sats/json.ts';
export { BsatnReader } from './sats/reader.ts';
export { optionInner } from './sats/type.ts';
export { decodeValue, encodeValue } from './sats/value.ts';
export { BsatnWriter } from './sats/writer.ts';
export { createMemoryStorage } from './storage/memory-storage.ts';
