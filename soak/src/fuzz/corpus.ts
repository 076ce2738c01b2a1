// Corpus of valid input: all client messages in the recordings of a real SpacetimeDB, and its module definitions.

import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BsatnWriter, encodeValue, fromJson, JsonError, type Database } from '@agora/host/fuzzing';
import { buildModule } from '@agora/codegen';
import { z } from 'zod';

const RECORDINGS = fileURLToPath(new URL('../../../tests/conformance/recordings/', import.meta.url));

/** Valid input of each kind. */
export interface Corpus {
  /** Single client messages as BSATN. */
  readonly messages: readonly Uint8Array[];
  readonly sql: readonly string[];
  /** Arguments as JSON, with their function. */
  readonly calls: readonly { readonly name: string; readonly args: string }[];
  /** Keywords of SQL and JSON, and the names of the module. */
  readonly words: readonly string[];
}

const Line = z.looseObject({
  call: z.string().optional(),
  procedure: z.string().optional(),
  args: z.unknown().optional(),
  query: z.string().optional(),
  subscribe: z.array(z.string()).optional(),
  unsubscribe: z.number().optional(),
  querySet: z.number().optional(),
  http: z.string().optional(),
  body: z.unknown().optional(),
});

/** Builds a module of the recordings. */
export async function buildProbe(name: string): Promise<Uint8Array> {
  const out = await mkdtemp(join(tmpdir(), 'agora-fuzz-'));
  try {
    const file = join(out, 'bundle.js');
    await buildModule(join(RECORDINGS, 'modules', name), { entry: 'index.ts', out: file });
    return await readFile(file);
  } finally {
    await rm(out, { recursive: true });
  }
}

/** The names of the modules of the recordings. */
export function probeNames(): string[] {
  return readdirSync(join(RECORDINGS, 'modules'));
}

/** Reads the recordings as messages to a database with the probe module. */
export function readCorpus(database: Database): Corpus {
  const messages: Uint8Array[] = [];
  const sql = new Set<string>();
  const calls: { name: string; args: string }[] = [];
  for (const file of readdirSync(RECORDINGS).filter(name => name.endsWith('.jsonl'))) {
    for (const text of readFileSync(join(RECORDINGS, file), 'utf8').split('\n')) {
      if (text === '') continue;
      const line = Line.parse(JSON.parse(text));
      const { query, subscribe, unsubscribe, http, body } = line;
      const name = line.call ?? line.procedure;
      if (name !== undefined) {
        const args = JSON.stringify(line.args ?? []);
        calls.push({ name, args });
        messages.push(callMessage(database, name, args));
      }
      if (query !== undefined) {
        sql.add(query);
        messages.push(new BsatnWriter().u8(2).u32(1).string(query).finish());
      }
      if (subscribe) {
        const writer = new BsatnWriter()
          .u8(0)
          .u32(2)
          .u32(line.querySet ?? 1)
          .u32(subscribe.length);
        for (const each of subscribe) {
          sql.add(each);
          writer.string(each);
        }
        messages.push(writer.finish());
      }
      if (unsubscribe !== undefined) messages.push(new BsatnWriter().u8(1).u32(3).u32(unsubscribe).u8(1).finish());
      if (http?.includes('/sql') === true && typeof body === 'string') sql.add(body);
    }
  }
  const { tables, views, reducers } = database.def;
  const names = [...tables, ...views].flatMap(each => [each.name, ...each.columns.map(column => column.name)]);
  const words = [...WORDS, ...names, ...reducers.map(each => each.name)];
  return { messages, sql: [...sql], calls, words };
}

const WORDS =
  `SELECT * FROM WHERE JOIN ON AND OR NOT INSERT INTO VALUES UPDATE SET DELETE LIMIT COUNT(*) AS = <> <= >= < > :sender
  NULL TRUE FALSE 0x00 X'00' 1 -1 0 1e400 1e-9 18446744073709551616 'x' "x" ( ) ((( ))) , ; -- null true [] {} [1,2] {"some":1}
  "__identity__" NaN 0.1 \\u0000 "\\ud800" show row_limit`.split(/\s+/);

/** The message that calls a function; arguments of other types are left out. */
function callMessage({ def }: Database, name: string, args: string): Uint8Array {
  const reducer = def.reducers.find(each => each.name === name);
  const found = reducer ?? def.procedures.find(each => each.name === name);
  const bytes = new BsatnWriter();
  try {
    if (found) encodeValue(found.params, def.typespace, fromJson(found.params, def.typespace, args), bytes);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
  }
  const encoded = found ? bytes.finish() : new Uint8Array();
  return new BsatnWriter()
    .u8(reducer ? 3 : 4)
    .u32(4)
    .u8(0)
    .string(name)
    .u32(encoded.length)
    .raw(encoded)
    .finish();
}
