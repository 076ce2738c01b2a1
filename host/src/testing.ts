// Test support for modules: `TestDatabase`, and the parts that it is made of.

export { identityOf, TestDatabase, type LoggedLine, type TestDatabaseOptions } from './testing/test-database.ts';
export { CallRefused, databaseRows, databaseSql, type TestClient } from './testing/test-client.ts';
export type { Plain, PlainObject } from './testing/plain.ts';

export { Database, type CallOutcome, type Caller, type ProcedureOutcome } from './database.ts';
export { countRowCalls, type RowCallCounts } from './testing/row-call-counts.ts';
export { TestWorld } from './testing/test-world.ts';
export type { Table } from './datastore/table.ts';
export { fromJson, toJson } from './sats/json.ts';
export { BsatnReader } from './sats/reader.ts';
export { optionInner } from './sats/type.ts';
export { decodeValue, encodeValue } from './sats/value.ts';
export { BsatnWriter } from './sats/writer.ts';
export { createMemoryStorage } from './storage/memory-storage.ts';
