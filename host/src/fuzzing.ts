// Internals for the fuzzing in `soak/`: all parts that read untrusted input.

export { Database, type Caller } from './database.ts';
export { HostError } from './errors.ts';
export { extractDescription } from './guest/index.ts';
export { bundleModule } from './guest/testing/bundle-module.ts';
export { startHost, type Host } from './host.ts';
export { QueryError } from './query/query-error.ts';
export { SystemVariables } from './query/source.ts';
export { runStatement, statementJson } from './query/statement.ts';
export { fromJson, toJson } from './sats/json.ts';
export { JsonError } from './sats/json-text.ts';
export { BsatnError, BsatnReader } from './sats/reader.ts';
export type { AlgebraicType, Typespace } from './sats/type.ts';
export { checkValue, decodeValue, encodeValue } from './sats/value.ts';
export { BsatnWriter } from './sats/writer.ts';
export { decodeModule } from './schema/decode.ts';
export { validateModule } from './schema/validate.ts';
export { BulkReads } from './server/bulk-reads.ts';
export { Clients } from './server/clients.ts';
export { DEFAULT_HOST_LIMITS } from './server/host-limits.ts';
export { MemoryBudget } from './server/memory-budget.ts';
export { QueryPacer } from './server/query-pacer.ts';
export { createMemoryStorage } from './storage/memory-storage.ts';
export type { Protocol } from './wire/frame.ts';
export { systemWorld, type World } from './world.ts';
