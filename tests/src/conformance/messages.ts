// Messages of the WebSocket protocol: requests of a client as bytes, messages of a server as transcripts show them.

import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { encode, Reader, type Type, type Value } from './bsatn.ts';

/** The types of rows by the name of their table. */
export type RowTypes = Readonly<Record<string, Type>>;

/** A request without its number. */
export type Request =
  | readonly ['subscribe', querySet: number, queries: readonly string[]]
  | readonly ['unsubscribe', querySet: number, flags: number]
  | readonly ['query', sql: string]
  | readonly ['call', reducer: string, args: Buffer]
  | readonly ['procedure', name: string, args: Buffer];

/** A request as bytes. */
export function encodeRequest(id: number, request: Request): Buffer {
  switch (request[0]) {
    case 'subscribe':
      return encode(['u8', 0], ['u32', id], ['u32', request[1]], [{ array: 'string' }, request[2]]);
    case 'unsubscribe':
      return encode(['u8', 1], ['u32', id], ['u32', request[1]], ['u8', request[2]]);
    case 'query':
      return encode(['u8', 2], ['u32', id], ['string', request[1]]);
    case 'call':
      return encodeCall(3, id, request[1], request[2]);
    case 'procedure':
      return encodeCall(4, id, request[1], request[2]);
  }
}

function encodeCall(tag: number, id: number, name: string, args: Buffer): Buffer {
  const head = encode(['u8', tag], ['u32', id], ['u8', 0], ['string', name], ['u32', args.length]);
  return Buffer.concat([head, args]);
}

/** Removes the compression tag of a server frame. */
export function unwrap(frame: Buffer): { compression: 'none' | 'brotli' | 'gzip'; body: Buffer } {
  const body = frame.subarray(1);
  switch (frame[0]) {
    case 0:
      return { compression: 'none', body };
    case 1:
      return { compression: 'brotli', body: brotliDecompressSync(body) };
    case 2:
      return { compression: 'gzip', body: gunzipSync(body) };
    default:
      throw new Error(`compression tag ${frame[0]}`);
  }
}

/** A server message by its kind, and the request that it answers, if any. */
export interface ServerMessage {
  readonly kind: string;
  readonly request: number | undefined;
  readonly shown: Value;
}

/** Reads every message of the body of a frame. */
export function readMessages(body: Buffer, types: RowTypes): ServerMessage[] {
  const reader = new Reader(body);
  const messages: ServerMessage[] = [];
  while (reader.left > 0) messages.push(readMessage(reader, types));
  return messages;
}

function readMessage(r: Reader, types: RowTypes): ServerMessage {
  const tag = r.u8();
  switch (tag) {
    case 0: {
      const identity = r.value('identity');
      const connectionId = { connection: r.value('connection_id') };
      return serverMessage('InitialConnection', undefined, { identity, connectionId, token: { token: r.string() } });
    }
    case 1: {
      const request = r.u32();
      return serverMessage('SubscribeApplied', request, { querySet: r.u32(), rows: withRows(readQueryRows(r, types)) });
    }
    case 2: {
      const request = r.u32();
      const querySet = r.u32();
      const rows = r.u8() === 0 ? withRows(readQueryRows(r, types)) : null;
      return serverMessage('UnsubscribeApplied', request, { querySet, rows });
    }
    case 3: {
      const request = r.u8() === 0 ? r.u32() : undefined;
      return serverMessage('SubscriptionError', request, { querySet: r.u32(), error: r.string() });
    }
    case 4:
      return { kind: 'TransactionUpdate', request: undefined, shown: { TransactionUpdate: readUpdates(r, types) } };
    case 5: {
      const request = r.u32();
      const result: Value = r.u8() === 0 ? { ok: readQueryRows(r, types) } : { err: r.string() };
      return serverMessage('OneOffQueryResult', request, result);
    }
    case 6: {
      const request = r.u32();
      const time = r.value('timestamp');
      return serverMessage('ReducerResult', request, { time, ...readOutcome(r, types) });
    }
    case 7: {
      const hasReturned = r.u8() === 0;
      const status: Value = hasReturned ? { Returned: r.hex(r.u32()) } : { InternalError: r.string() };
      const time = r.value('timestamp');
      r.value('duration');
      const request = r.u32();
      const fields: Value = { ...status, ...(hasReturned ? { time } : {}), request };
      return { kind: 'ProcedureResult', request, shown: { ProcedureResult: fields } };
    }
    default:
      throw new Error(`server message tag ${tag}`);
  }
}

function serverMessage(kind: string, request: number | undefined, fields: Record<string, Value>): ServerMessage {
  return { kind, request, shown: { [kind]: request === undefined ? fields : { request, ...fields } } };
}

function readOutcome(r: Reader, types: RowTypes): Record<string, Value> {
  switch (r.u8()) {
    case 0:
      return { Ok: { value: r.hex(r.u32()), update: readUpdates(r, types) } };
    case 1: // OkEmpty means the same
      return { Ok: { value: '', update: [] } };
    case 2:
      return { Err: new Reader(r.take(r.u32())).string() };
    default:
      return { InternalError: r.string() };
  }
}

/** The rows of one list. A server may choose the size hint; a wrong one is shown as a row. */
function readRowList(r: Reader, type: Type | undefined): Value[] {
  const width = r.u8() === 0 ? Number(r.integer('u16')) : undefined;
  const offsets = width === undefined ? Array.from({ length: r.u32() }, () => Number(r.integer('u64'))) : [];
  const data = new Reader(r.take(r.u32()));
  const starts: number[] = [];
  const rows: Value[] = [];
  while (data.left > 0) {
    const size = width ?? (offsets[rows.length + 1] ?? data.bytes.length) - data.at;
    starts.push(data.at);
    rows.push(type === undefined ? data.hex(size > 0 ? size : data.left) : data.value(type));
  }
  const isRight =
    width === undefined
      ? String(offsets) === String(starts)
      : rows.length * width === data.at && starts.every((start, at) => start === at * width);
  return isRight ? rows : [...rows, { wrongHint: width ?? offsets, starts }];
}

/**
 * The tables of a query set, each once, with all its rows of a kind together: their order over messages is not
 * specified.
 */
class Tables {
  readonly #tables = new Map<string, Record<string, Value[]>>();

  add(table: string, kind: string, rows: Value[]): void {
    const kinds = this.#tables.get(table) ?? {};
    this.#tables.set(table, kinds);
    (kinds[kind] ??= []).push(...rows);
  }

  shown(): Record<string, Value>[] {
    return [...this.#tables]
      .sort(([a], [b]) => compare(a, b))
      .map(([table, kinds]) => ({
        table,
        ...Object.fromEntries(
          Object.entries(kinds).map(([kind, rows]) => [kind, rows.sort((a, b) => compare(textOf(a), textOf(b)))]),
        ),
      }));
  }
}

function readQueryRows(r: Reader, types: RowTypes): Record<string, Value>[] {
  const tables = new Tables();
  for (let count = r.u32(); count > 0; count--) {
    const table = r.string();
    tables.add(table, 'rows', readRowList(r, types[table]));
  }
  return tables.shown();
}

/** A table without rows may be named or left out. */
function withRows(tables: Record<string, Value>[]): Record<string, Value>[] {
  return tables.filter(({ rows }) => Array.isArray(rows) && rows.length > 0);
}

function readUpdates(r: Reader, types: RowTypes): Value[] {
  const sets = new Map<number, Tables>();
  for (let count = r.u32(); count > 0; count--) {
    const querySet = r.u32();
    const tables = sets.get(querySet) ?? new Tables();
    sets.set(querySet, tables);
    for (let named = r.u32(); named > 0; named--) {
      const table = r.string();
      for (let parts = r.u32(); parts > 0; parts--) {
        for (const kind of r.u8() === 0 ? ['inserts', 'deletes'] : ['events']) {
          tables.add(table, kind, readRowList(r, types[table]));
        }
      }
    }
  }
  return [...sets].sort(([a], [b]) => a - b).map(([querySet, tables]) => ({ querySet, tables: tables.shown() }));
}

function textOf(value: Value): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
