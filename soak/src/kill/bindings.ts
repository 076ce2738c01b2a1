// Minimal bindings of `module.ts` for the official client library, in the form of generated bindings.

import {
  DbConnectionBuilder,
  DbConnectionImpl,
  procedures,
  reducers,
  reducerSchema,
  schema,
  t,
  table,
  type DbConnectionConfig,
} from 'spacetimedb';

const idIndex = <const Column extends string>(name: string, column: Column) => ({
  indexes: [{ accessor: column, name: `${name}_idx_btree`, algorithm: 'btree' as const, columns: [column] as const }],
  constraints: [{ name: `${name}_key`, constraint: 'unique' as const, columns: [column] as [Column] }],
});

const tables = schema({
  entry: table(
    { name: 'entry', ...idIndex('entry_id', 'id') },
    t.row({ id: t.u64().primaryKey(), op: t.string(), value: t.i64() }),
  ),
  part: table(
    { name: 'part', ...idIndex('part_id', 'id') },
    t.row({ id: t.u64().primaryKey(), op: t.string(), at: t.u32() }),
  ),
  task: table(
    { name: 'task', ...idIndex('task_scheduled_id', 'scheduledId') },
    t.row({
      scheduledId: t.u64().primaryKey().name('scheduled_id'),
      scheduledAt: t.scheduleAt().name('scheduled_at'),
      op: t.string(),
    }),
  ),
});

const calls = reducers(
  reducerSchema('add', { op: t.string(), value: t.i64() }),
  reducerSchema('change', { op: t.string(), value: t.i64() }),
  reducerSchema('remove', { op: t.string() }),
  reducerSchema('batch', { op: t.string(), count: t.u32() }),
  reducerSchema('transfer', { op: t.string(), source: t.u32(), target: t.u32(), amount: t.i64() }),
  reducerSchema('plan', { op: t.string(), delayMicros: t.i64() }),
  reducerSchema('sweep', { ops: t.array(t.string()) }),
);

const MODULE = {
  versionInfo: { cliVersion: '2.8.3' as const },
  tables: tables.schemaType.tables,
  reducers: calls.reducersType.reducers,
  ...procedures(),
};

/** A connection to the module. */
export class SoakConnection extends DbConnectionImpl<typeof MODULE> {
  static builder(): DbConnectionBuilder<SoakConnection> {
    return new DbConnectionBuilder(MODULE, (config: DbConnectionConfig<typeof MODULE>) => new SoakConnection(config));
  }
}
