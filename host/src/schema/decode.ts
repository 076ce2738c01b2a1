// Decodes the result of `__describe_module__`: BSATN of a module description of version 10. Defined by
// clockworklabs/SpacetimeDB: crates/lib/src/db/raw_def/v10.rs.

import { HostError, messageOf } from '../errors.ts';
import { BsatnError, BsatnReader } from '../sats/reader.ts';
import { decodeEnum, decodeList, decodeOption, decodeProduct, decodeType } from './decode-type.ts';
import {
  EMPTY_MODULE,
  type RawExplicitName,
  type RawIndexDef,
  type RawModule,
  type RawRouteDef,
  type RawTableDef,
  type Visibility,
} from './raw.ts';

const VERSION_10 = 2;
const VISIBILITIES: readonly Visibility[] = ['private', 'clientCallable'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;
const MAX_SUBMODULE_DEPTH = 16;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads a whole description. Throws `HostError` `schema/invalid` for malformed bytes or another version. */
export function decodeModule(bytes: Uint8Array): RawModule {
  const reader = new BsatnReader(bytes);
  try {
    const version = reader.u8();
    if (version !== VERSION_10) {
      throw new BsatnError(
        `it is of ${version < VERSION_10 ? `the older version ${version + 8}` : 'an unknown version'}; build the module with spacetimedb 2 or newer`,
      );
    }
    const module = decodeSections(reader, 0);
    if (reader.left > 0) throw new BsatnError(`${reader.left} bytes are left after it`);
    return module;
  } catch (thrown) {
    if (!(thrown instanceof BsatnError)) throw thrown;
    throw new HostError('schema/invalid', `the module's description cannot be read: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

/** Sections come in any order, each at most once. They carry no length, so none can be skipped. */
function decodeSections(reader: BsatnReader, depth: number): RawModule {
  if (depth > MAX_SUBMODULE_DEPTH) throw new BsatnError(`submodules nested deeper than ${MAX_SUBMODULE_DEPTH}`);
  const module: Mutable<RawModule> = { ...EMPTY_MODULE };
  const seen = new Set<number>();
  decodeList(reader, () => {
    const tag = reader.u8();
    if (seen.has(tag)) throw new BsatnError(`section ${tag} comes twice`);
    seen.add(tag);
    decodeSection(tag, reader, module, depth);
  });
  return module;
}

function decodeSection(tag: number, reader: BsatnReader, module: Mutable<RawModule>, depth: number): void {
  switch (tag) {
    case 0:
      module.typespace = decodeList(reader, () => decodeType(reader));
      return;
    case 1:
      module.types = decodeList(reader, () => ({
        name: { scope: decodeList(reader, () => reader.string()), name: reader.string() },
        ref: reader.u32(),
        customOrdering: reader.bool(),
      }));
      return;
    case 2:
      module.tables = decodeList(reader, () => decodeTable(reader));
      return;
    case 3:
      module.reducers = decodeList(reader, () => ({
        sourceName: reader.string(),
        params: decodeProduct(reader),
        visibility: decodeEnum(reader, VISIBILITIES),
        ok: decodeType(reader),
        err: decodeType(reader),
      }));
      return;
    case 4:
      module.procedures = decodeList(reader, () => ({
        sourceName: reader.string(),
        params: decodeProduct(reader),
        returns: decodeType(reader),
        visibility: decodeEnum(reader, VISIBILITIES),
      }));
      return;
    case 5:
      module.views = decodeList(reader, () => ({
        sourceName: reader.string(),
        index: reader.u32(),
        isPublic: reader.bool(),
        isAnonymous: reader.bool(),
        params: decodeProduct(reader),
        returns: decodeType(reader),
      }));
      return;
    case 6:
      module.schedules = decodeList(reader, () => ({
        sourceName: decodeOption(reader, () => reader.string()),
        table: reader.string(),
        atColumn: reader.u16(),
        functionName: reader.string(),
      }));
      return;
    case 7:
      module.lifecycles = decodeList(reader, () => ({
        lifecycle: decodeEnum(reader, ['init', 'onConnect', 'onDisconnect'] as const),
        functionName: reader.string(),
      }));
      return;
    case 8:
      module.rowLevelSecurity = decodeList(reader, () => reader.string());
      return;
    case 9:
      module.casePolicy = decodeEnum(reader, ['none', 'snake'] as const);
      return;
    case 10:
      module.explicitNames = decodeList(reader, () => decodeExplicitName(reader));
      return;
    case 11:
      module.handlers = decodeList(reader, () => reader.string());
      return;
    case 12:
      module.routes = decodeList(reader, () => decodeRoute(reader));
      return;
    case 13:
      module.viewPrimaryKeys = decodeList(reader, () => ({
        view: reader.string(),
        columns: decodeList(reader, () => reader.string()),
      }));
      return;
    case 14:
      module.submodules = decodeList(reader, () => ({
        namespace: reader.string(),
        module: decodeSections(reader, depth + 1),
      }));
      return;
    default:
      throw new BsatnError(`unknown section ${tag}; the module was built for a newer server`);
  }
}

function decodeTable(reader: BsatnReader): RawTableDef {
  return {
    sourceName: reader.string(),
    rowType: reader.u32(),
    primaryKey: decodeColumns(reader),
    indexes: decodeList(reader, () => decodeIndex(reader)),
    uniques: decodeList(reader, () => {
      const sourceName = decodeOption(reader, () => reader.string());
      decodeEnum(reader, ['unique']);
      return { sourceName, columns: decodeColumns(reader) };
    }),
    sequences: decodeList(reader, () => ({
      sourceName: decodeOption(reader, () => reader.string()),
      column: reader.u16(),
      start: decodeOption(reader, () => reader.i128()),
      min: decodeOption(reader, () => reader.i128()),
      max: decodeOption(reader, () => reader.i128()),
      increment: reader.i128(),
    })),
    type: decodeEnum(reader, ['system', 'user'] as const),
    access: decodeEnum(reader, ['public', 'private'] as const),
    defaults: decodeList(reader, () => ({ column: reader.u16(), value: reader.byteArray().slice() })),
    isEvent: reader.bool(),
  };
}

function decodeIndex(reader: BsatnReader): RawIndexDef {
  const sourceName = decodeOption(reader, () => reader.string());
  const accessor = decodeOption(reader, () => reader.string());
  const algorithm = decodeEnum(reader, ['btree', 'hash', 'direct'] as const);
  const columns = algorithm === 'direct' ? [reader.u16()] : decodeColumns(reader);
  return { sourceName, accessor, algorithm, columns };
}

function decodeColumns(reader: BsatnReader): number[] {
  return decodeList(reader, () => reader.u16());
}

function decodeExplicitName(reader: BsatnReader): RawExplicitName {
  const kind = decodeEnum(reader, ['table', 'function', 'index'] as const);
  return { kind, sourceName: reader.string(), canonicalName: reader.string() };
}

function decodeRoute(reader: BsatnReader): RawRouteDef {
  const handler = reader.string();
  const isAny = decodeEnum(reader, [true, false]);
  const method = isAny ? undefined : decodeEnum(reader, [...METHODS, EXTENSION]);
  return {
    handler,
    method: method === EXTENSION ? reader.string().toUpperCase() : method,
    path: reader.string(),
  };
}

/** Marks a method that is given by name. */
const EXTENSION = '';
