// Checks one table of a description and assigns canonical names.

import { BsatnError, BsatnReader } from '../sats/reader.ts';
import { type AlgebraicType, isScheduleAt, type PrimitiveKind, resolveType } from '../sats/type.ts';
import { checkValue } from '../sats/value.ts';
import { isPlainEnum, isRecursive } from './canonical-types.ts';
import { type CheckContext, columnsOf, productAt } from './check-context.ts';
import {
  type ColumnDef,
  type IndexDef,
  type ScheduleDef,
  type SequenceDef,
  type TableDef,
  type UniqueDef,
} from './definition.ts';
import { type RawIndexDef, type RawSequenceDef, type RawTableDef } from './raw.ts';

const INTEGERS: ReadonlySet<string> = new Set<PrimitiveKind>([
  'i8',
  'u8',
  'i16',
  'u16',
  'i32',
  'u32',
  'i64',
  'u64',
  'i128',
  'u128',
  'i256',
  'u256',
]);
const DIRECT_KEYS: ReadonlySet<string> = new Set<PrimitiveKind>(['u8', 'u16', 'u32', 'u64']);

const HIGHEST_I128 = 2n ** 127n - 1n;

/** Checks a table and names it. Returns undefined if its row type is not a product: nothing more can be checked then. */
export function checkTable(raw: RawTableDef, context: CheckContext): TableDef | undefined {
  return new TableCheck(raw, context).run();
}

class TableCheck {
  readonly #raw: RawTableDef;
  readonly #context: CheckContext;
  readonly #name: string;
  readonly #columns: readonly ColumnDef[];

  constructor(raw: RawTableDef, context: CheckContext) {
    this.#raw = raw;
    this.#context = context;
    this.#name = context.names.table(raw.sourceName);
    this.#columns = columnsOf(raw.rowType, `table \`${raw.sourceName}\``, context);
  }

  run(): TableDef | undefined {
    const { faults, entities, typespace } = this.#context;
    const { sourceName, rowType } = this.#raw;
    faults.identifier(sourceName);
    faults.identifier(this.#name);
    entities.claim(sourceName, this.#name);
    if (this.#raw.type === 'user' && this.#name.startsWith('st_')) {
      faults.add(`table name \`${this.#name}\` is reserved for system use`);
    }
    if (!productAt(rowType, typespace)) {
      faults.add(`table \`${sourceName}\` has type reference ${rowType} as its row, which is no product`);
      return undefined;
    }
    if (isRecursive(rowType, typespace)) faults.add(`the row type of table \`${sourceName}\` is recursive`);
    const indexes = this.#raw.indexes.flatMap(index => this.#index(index) ?? []);
    const uniques = this.#uniques(indexes);
    return {
      name: this.#name,
      sourceName,
      rowType,
      columns: this.#columns,
      primaryKey: this.#primaryKey(uniques),
      indexes,
      uniques,
      sequences: this.#sequences(),
      isPublic: this.#raw.access === 'public',
      isEvent: this.#raw.isEvent,
      defaults: this.#defaults(),
      schedule: this.#schedule(),
    };
  }

  #index(index: RawIndexDef): IndexDef | undefined {
    const { faults, entities, names } = this.#context;
    const { sourceName, accessor, algorithm } = index;
    const columns = this.#checkColumns(index.columns, `index \`${sourceName ?? accessor ?? ''}\``);
    if (!columns) return undefined;
    const name = names.index(
      sourceName,
      this.#name,
      columns.map(({ name }) => name),
      algorithm,
    );
    entities.claim(sourceName ?? name, name);
    faults.identifier(name);
    if (accessor !== undefined) faults.identifier(accessor);
    const [key] = columns;
    if (algorithm === 'direct' && key && !this.#isDirectKey(key.type)) {
      faults.add(`direct index \`${name}\` does not support the type of column \`${key.name}\``);
    }
    return { name, sourceName: sourceName ?? name, accessor, algorithm, columns: index.columns };
  }

  #isDirectKey(type: AlgebraicType): boolean {
    const resolved = resolveType(type, this.#context.typespace);
    return DIRECT_KEYS.has(resolved.kind) || isPlainEnum(resolved);
  }

  #uniques(indexes: readonly IndexDef[]): UniqueDef[] {
    return this.#raw.uniques.flatMap(unique => {
      const columns = this.#checkColumns(unique.columns, `a unique constraint`);
      if (!columns) return [];
      const name = `${this.#name}_${columns.map(({ name }) => name).join('_')}_key`;
      this.#context.entities.claim(name);
      if (!indexes.some(index => isSameSet(index.columns, unique.columns))) {
        this.#context.faults.add(`no index found to support unique constraint \`${name}\``);
      }
      return [{ name, columns: unique.columns }];
    });
  }

  #primaryKey(uniques: readonly UniqueDef[]): number | undefined {
    const [column, ...more] = this.#raw.primaryKey;
    if (column === undefined) return undefined;
    const { faults } = this.#context;
    if (more.length > 0) faults.add(`table \`${this.#raw.sourceName}\` has multiple primary key columns`);
    else if (!this.#checkColumns([column], 'the primary key')) return undefined;
    else if (!uniques.some(unique => isSameSet(unique.columns, [column]))) {
      faults.add(`column \`${this.#name}.${this.#columns[column]?.name}\` is primary key but has no unique constraint`);
    }
    return column;
  }

  #sequences(): SequenceDef[] {
    const taken = new Set<number>();
    return this.#raw.sequences.flatMap(sequence => {
      const [column] = this.#checkColumns([sequence.column], 'a sequence') ?? [];
      if (!column) return [];
      const path = `\`${this.#name}.${column.name}\``;
      const { faults, entities } = this.#context;
      if (!INTEGERS.has(column.type.kind)) faults.add(`column ${path} cannot have a sequence, as it is no integer`);
      if (taken.has(sequence.column)) faults.add(`column ${path} has more than one sequence`);
      taken.add(sequence.column);
      const name = sequence.sourceName ?? `${this.#name}_${column.name}_seq`;
      entities.claim(name);
      return [this.#sequence(name, sequence)];
    });
  }

  #sequence(name: string, { column, start, min, max, increment }: RawSequenceDef): SequenceDef {
    const ordered = [min, start, max].filter(bound => bound !== undefined);
    if (ordered.some((bound, at) => at > 0 && bound < (ordered[at - 1] ?? bound))) {
      this.#context.faults.add(`sequence \`${name}\` does not have min <= start <= max`);
    }
    return { name, column, start: start ?? min ?? 1n, min: min ?? 1n, max: max ?? HIGHEST_I128, increment };
  }

  #defaults(): ReadonlyMap<number, Uint8Array> {
    const defaults = new Map<number, Uint8Array>();
    for (const { column, value } of this.#raw.defaults) {
      const [target] = this.#checkColumns([column], 'a default value') ?? [];
      if (!target) continue;
      const path = `\`${this.#name}.${target.name}\``;
      if (defaults.has(column)) this.#context.faults.add(`column ${path} has more than one default value`);
      const fault = this.#valueFault(value, target.type);
      if (fault) this.#context.faults.add(`the default value of column ${path} is not of its type: ${fault}`);
      defaults.set(column, value);
    }
    return defaults;
  }

  #valueFault(value: Uint8Array, type: AlgebraicType): string | undefined {
    const reader = new BsatnReader(value);
    try {
      checkValue(type, this.#context.typespace, reader);
      return reader.left > 0 ? `${reader.left} bytes too many` : undefined;
    } catch (thrown) {
      if (thrown instanceof BsatnError) return thrown.message;
      throw thrown;
    }
  }

  #schedule(): ScheduleDef | undefined {
    const { raw, names, entities, faults } = this.#context;
    const [schedule, ...more] = raw.schedules.filter(({ table }) => names.table(table) === this.#name);
    if (!schedule) return undefined;
    if (more.length > 0) faults.add(`table \`${this.#name}\` is assigned in multiple schedules`);
    const at = this.#columns[schedule.atColumn];
    const key = this.#columns[this.#raw.primaryKey[0] ?? -1];
    if (!at || !isScheduleAt(at.type) || key?.type.kind !== 'u64') {
      faults.add(`scheduled table \`${this.#name}\` needs a primary key of type u64 and a ScheduleAt column`);
    }
    const name = `${this.#name}_sched`;
    entities.claim(name);
    return { name, atColumn: schedule.atColumn, functionName: schedule.functionName };
  }

  /** The columns at these positions; undefined, with a fault, if one is missing or repeated. */
  #checkColumns(positions: readonly number[], owner: string): ColumnDef[] | undefined {
    const columns = positions.flatMap(position => this.#columns[position] ?? []);
    if (columns.length === positions.length && new Set(positions).size === positions.length && columns.length > 0) {
      return columns;
    }
    this.#context.faults.add(
      `${owner} of table \`${this.#raw.sourceName}\` names columns [${positions.join(', ')}], which are missing or repeated`,
    );
    return undefined;
  }
}

function isSameSet(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every(item => b.includes(item));
}
