// The exports of `index.ts`: tables, reducers, procedures, contexts and the connection.

import { type CheckedModule } from '@agora/host/schema';
import { type Alias } from './accessor-aliases.ts';
import { type CodeWriter } from './code-writer.ts';
import { type BindingOptions, callableReducers, camelName, type Relation, shownProcedures } from './module-view.ts';
import { type NamespacedItems, writeNamespaceTree } from './namespaces.ts';

/** Writes `tables`, which is also a query builder. */
export function writeTablesExport(
  to: CodeWriter,
  relations: readonly Relation[],
  namespaced: NamespacedItems,
  aliases: readonly Alias[],
): void {
  to.lines(
    '',
    '/** The tables available in this remote SpacetimeDB module. Each table reference doubles as a query builder. */',
  );
  const build = '__makeQueryBuilder(tablesSchema.schemaType)';
  const inside = [...namespaced.tables, ...namespaced.views];
  if (inside.length > 0) {
    to.lines(`const __qb = ${build};`);
    to.block(
      'export const tables = {',
      to => {
        for (const relation of relations) to.lines(`${camelName(relation)}: __qb.${camelName(relation)},`);
        writeNamespaceTree(to, '__qb', inside, ({ path, item }) => [...path, item.name].join('.'));
      },
      '} as const;',
    );
  } else if (aliases.length > 0) {
    to.lines(
      `const tablesBase: __TablesBase = ${build};`,
      'export const tables: Tables = __withTableAccessorAliases(tablesBase, true) as Tables;',
    );
  } else to.lines(`export const tables: __QueryBuilder<typeof tablesSchema.schemaType> = ${build};`);
}

/** Writes `reducers` and `procedures` under the names that clients use. */
export function writeFunctionsExports(
  to: CodeWriter,
  root: CheckedModule,
  options: BindingOptions,
  namespaced: NamespacedItems,
): void {
  const parts = [
    {
      name: 'reducers',
      accessors: '__reducerAccessors',
      map: '__convertToAccessorMap(reducersSchema.reducersType.reducers)',
      own: callableReducers(root, options),
      inside: namespaced.reducers,
    },
    {
      name: 'procedures',
      accessors: '__procedureAccessors',
      map: '__convertToAccessorMap(proceduresSchema.procedures)',
      own: shownProcedures(root, options),
      inside: namespaced.procedures,
    },
  ];
  for (const { name, accessors, map, own, inside } of parts) {
    to.lines('', `/** The ${name} available in this remote SpacetimeDB module. */`);
    if (inside.length === 0) {
      to.lines(`export const ${name} = ${map};`);
      continue;
    }
    to.lines(`const ${accessors} = ${map};`);
    to.block(
      `export const ${name} = {`,
      to => {
        for (const one of own) to.lines(`${camelName(one)}: ${accessors}.${camelName(one)},`);
        writeNamespaceTree(to, accessors, inside, ({ path, item }) => [...path, camelName(item)].join('.'));
      },
      '} as const;',
    );
  }
}

/** Writes the types of the contexts that callbacks receive. */
export function writeContexts(to: CodeWriter, aliases: readonly Alias[]): void {
  const context = (about: string, name: string) => {
    const type = `__${name}Interface<typeof REMOTE_MODULE>`;
    to.lines(
      `/** The context type returned in callbacks for ${about}. */`,
      `export type ${name} = ${aliases.length > 0 ? `Omit<${type}, "db"> & { db: DbView }` : type};`,
    );
  };
  to.lines('');
  context('all possible events', 'EventContext');
  context('reducer events', 'ReducerEventContext');
  context('subscription events', 'SubscriptionEventContext');
  context('error events', 'ErrorContext');
  to.lines(
    '/** The subscription handle type to manage active subscriptions created from a {@link SubscriptionBuilder}. */',
    'export type SubscriptionHandle = __SubscriptionHandleImpl<typeof REMOTE_MODULE>;',
  );
}

/** Writes the connection class and its builders. */
export function writeClasses(to: CodeWriter, aliases: readonly Alias[]): void {
  to.lines(
    '',
    '/** Builder class to configure a new subscription to the remote SpacetimeDB instance. */',
    'export class SubscriptionBuilder extends __SubscriptionBuilderImpl<typeof REMOTE_MODULE> {}',
    '',
    '/** Builder class to configure a new database connection to the remote SpacetimeDB instance. */',
    'export class DbConnectionBuilder extends __DbConnectionBuilder<DbConnection> {}',
    '',
    '/** The typed database connection to manage connections to the remote SpacetimeDB instance. This class has type information specific to the generated module. */',
  );
  const config = '(config: __DbConnectionConfig<typeof REMOTE_MODULE>)';
  to.block(
    'export class DbConnection extends __DbConnectionImpl<typeof REMOTE_MODULE> {',
    to => {
      if (aliases.length > 0) {
        to.lines('declare db: DbView;', '');
        to.block(
          `constructor${config} {`,
          to => to.lines('super(config);', 'this.db = __withTableAccessorAliases(this.db) as DbView;'),
          '}',
        ).lines('');
      }
      to.lines(
        '/** Creates a new {@link DbConnectionBuilder} to configure and connect to the remote SpacetimeDB instance. */',
      );
      to.block(
        'static builder = (): DbConnectionBuilder => {',
        to => to.lines(`return new DbConnectionBuilder(REMOTE_MODULE, ${config} => new DbConnection(config));`),
        '};',
      ).lines('');
      to.lines(
        '/** Creates a new {@link SubscriptionBuilder} to configure a subscription to the remote SpacetimeDB instance. */',
      );
      to.block(
        'override subscriptionBuilder = (): SubscriptionBuilder => {',
        to => to.lines('return new SubscriptionBuilder(this);'),
        '};',
      );
    },
    '}',
  );
}
