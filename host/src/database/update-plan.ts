// The plan for replacing a module: which tables keep their rows, which rows get columns, and whether clients break. The
// rules are those of SpacetimeDB's `crates/schema/src/auto_migrate.rs`. Nothing changes before `apply`, which makes new
// tables beside the old ones.

import { Datastore, type StoredRow } from '../datastore/datastore.ts';
import type { Table } from '../datastore/table.ts';
import { HostError, messageOf } from '../errors.ts';
import type { ModuleDef, SequenceDef, TableDef, ViewDef } from '../schema/definition.ts';
import { isSameShape } from './type-shape.ts';
import { upgradeFaults } from './type-upgrade.ts';

/** The plan for replacing one module by another. */
export interface UpdatePlan {
  /** True if clients of the old module could misread the new one. */
  readonly breaksClients: boolean;
  /** Removed tables, by canonical name. */
  readonly droppedTables: readonly string[];
  /** Tables whose rows are rewritten, by canonical name. */
  readonly rewrittenTables: readonly string[];
  /** Makes the new tables with all rows. Throws `publish/incompatible` if rows violate the new schema. */
  readonly apply: () => Datastore;
}

/** Compares two versions of a module. Throws `publish/incompatible` with all incompatible changes. */
export function planUpdate(before: ModuleDef, after: ModuleDef, datastore: Datastore): UpdatePlan {
  const faults: string[] = [];
  const widened = new Map<string, Uint8Array>();
  let breaksClients = false;
  const droppedTables: string[] = [];
  for (const table of before.tables) {
    const next = named(after.tables, table.name);
    if (!next) {
      droppedTables.push(table.name);
      breaksClients = true;
      continue;
    }
    const change = compareTables(table, next, before, after, faults);
    if (change.breaksClients) breaksClients = true;
    if (change.appended.length > 0 && !next.isEvent) widened.set(table.name, change.appended);
  }
  for (const view of before.views) {
    const next = named(after.views, view.name);
    if (!next || !isSameView(view, next, before, after)) breaksClients = true;
  }
  const rules = new Set(before.rowLevelSecurity);
  if (rules.symmetricDifference(new Set(after.rowLevelSecurity)).size > 0) breaksClients = true;
  if (faults.length > 0) {
    throw new HostError('publish/incompatible', `Database update rejected: Errors occurred:\n${faults.join('\n')}\n\n`);
  }
  return {
    breaksClients,
    droppedTables,
    rewrittenTables: [...widened.keys()],
    apply: () => rebuild(datastore, after, droppedTables, widened),
  };
}

interface TableComparison {
  readonly breaksClients: boolean;
  /** BSATN of the defaults of columns that the new table has at the end. */
  readonly appended: Uint8Array;
}

function compareTables(
  table: TableDef,
  next: TableDef,
  before: ModuleDef,
  after: ModuleDef,
  faults: string[],
): TableComparison {
  const { name } = table;
  if (table.isEvent !== next.isEvent) {
    faults.push(`Changing the event flag of table ${name} requires a manual migration`);
  }
  for (const index of table.indexes) {
    const nextIndex = named(next.indexes, index.name);
    if (nextIndex && nextIndex.accessor !== index.accessor) {
      const [from, to] = [index.accessor, nextIndex.accessor].map(optionText);
      faults.push(
        `Changing the accessor name on index ${index.name} from ${from} to ${to} requires a manual migration`,
      );
    }
  }
  for (const unique of table.uniques) {
    const other = named(next.uniques, unique.name);
    if (other && other.columns.join() !== unique.columns.join()) {
      faults.push(`Changing a unique constraint ${unique.name} requires a manual migration`);
    }
  }
  if (table.isEvent && next.isEvent) {
    return { breaksClients: !isSameColumns(table, next, before, after), appended: new Uint8Array(0) };
  }
  return compareColumns(table, next, before, after, faults);
}

function compareColumns(
  table: TableDef,
  next: TableDef,
  before: ModuleDef,
  after: ModuleDef,
  faults: string[],
): TableComparison {
  table.columns.forEach((column, at) => {
    const nextAt = next.columns.findIndex(each => each.name === column.name);
    const nextColumn = next.columns[nextAt];
    if (!nextColumn) {
      faults.push(`Removing a column ${column.name} from table ${table.name} requires a manual migration`);
    } else if (nextAt !== at) {
      faults.push(`Reordering table ${table.name} requires a manual migration`);
    } else {
      const changed = { table: table.name, column: column.name };
      faults.push(...upgradeFaults(changed, placed(column, before), placed(nextColumn, after)));
    }
  });
  const defaults: Uint8Array[] = [];
  next.columns.forEach((column, at) => {
    if (named(table.columns, column.name)) return;
    const value = next.defaults.get(at);
    if (value) defaults.push(value);
    else faults.push(`Adding a column ${column.name} to table ${table.name} requires a default value annotation`);
  });
  return { breaksClients: defaults.length > 0, appended: Buffer.concat(defaults) };
}

/** Makes the tables of the new module from the rows of the old one. */
function rebuild(
  older: Datastore,
  def: ModuleDef,
  droppedTables: readonly string[],
  widened: ReadonlyMap<string, Uint8Array>,
): Datastore {
  for (const name of droppedTables) {
    if ((older.tableByName(name)?.count ?? 0) > 0) {
      const wayOut = "Clear the table's rows (e.g. via a reducer) before removing it from your schema.";
      throw new HostError('publish/incompatible', `Cannot remove table \`${name}\`: table contains data. ${wayOut}`);
    }
  }
  refuseOtherSchedules(older.def, def);
  const datastore = new Datastore(def);
  for (const table of datastore.tables) {
    const source = older.tables.find(each => each.def.name === table.def.name);
    if (!source || table.def.isEvent) continue;
    try {
      datastore.restore(table, rowsOf(source, widened.get(table.def.name)));
    } catch (cause) {
      throw new HostError('publish/incompatible', messageOf(cause), { cause });
    }
    refuseTakenSequences(table, source);
  }
  datastore.adoptSequences(older);
  datastore.restoreCommitNumber(older.commitNumber);
  return datastore;
}

function* rowsOf(table: Table, appended: Uint8Array | undefined): Iterable<StoredRow> {
  for (const { key, bytes } of table.rows()) {
    yield { key, bytes: appended ? new Uint8Array(Buffer.concat([bytes, appended])) : bytes };
  }
}

/** Throws if a table that stays would get, lose or change its schedule. */
function refuseOtherSchedules(before: ModuleDef, after: ModuleDef): void {
  for (const table of before.tables) {
    const next = named(after.tables, table.name);
    if (!next) continue;
    const [old, current] = [scheduleText(table, before), scheduleText(next, after)];
    if (old === current) continue;
    const what = old === undefined ? 'Adding' : 'Removing';
    throw new HostError('publish/incompatible', `${what} schedules is not yet implemented`);
  }
}

/** The column and the function of a schedule. */
function scheduleText({ schedule }: TableDef, { reducers, procedures }: ModuleDef): string | undefined {
  if (!schedule) return undefined;
  const run = [...reducers, ...procedures].find(({ sourceName }) => sourceName === schedule.functionName);
  return `${schedule.atColumn} ${run?.name ?? ''}`;
}

/** Throws if a sequence that is new, or has other bounds, could generate a value that a row already has. */
function refuseTakenSequences(table: Table, source: Table): void {
  for (const { sequence, column } of table.sequences) {
    const { name, min, max } = sequence.def;
    if (source.sequences.some(({ sequence: { def } }) => isSameSequence(def, sequence.def))) continue;
    for (const { bytes } of table.rows()) {
      const value = table.layout.value(bytes, column);
      const number = typeof value === 'number' ? BigInt(value) : value;
      if (typeof number === 'bigint' && number >= min && number <= max) {
        throw new HostError(
          'publish/incompatible',
          `Precheck failed: added sequence ${name} already has values in range`,
        );
      }
    }
  }
}

function isSameSequence(a: SequenceDef, b: SequenceDef): boolean {
  return a.name === b.name && a.start === b.start && a.min === b.min && a.max === b.max && a.increment === b.increment;
}

/** An optional name as SpacetimeDB writes it. */
function optionText(name: string | undefined): string {
  return name === undefined ? 'None' : `Some(${JSON.stringify(name)})`;
}

function isSameColumns(a: TableDef | ViewDef, b: TableDef | ViewDef, before: ModuleDef, after: ModuleDef): boolean {
  return (
    a.columns.length === b.columns.length &&
    a.columns.every((column, at) => {
      const other = b.columns[at];
      return other?.name === column.name && isSameShape(placed(column, before), placed(other, after));
    })
  );
}

function isSameView(a: ViewDef, b: ViewDef, before: ModuleDef, after: ModuleDef): boolean {
  return a.isAnonymous === b.isAnonymous && a.primaryKey === b.primaryKey && isSameColumns(a, b, before, after);
}

function placed({ type }: TableDef['columns'][number], { typespace }: ModuleDef) {
  return { type, typespace };
}

function named<T extends { readonly name: string }>(list: readonly T[], name: string): T | undefined {
  return list.find(each => each.name === name);
}
