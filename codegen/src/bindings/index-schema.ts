// The schemas in `index.ts`: tables, reducers and procedures in the terms of the SDK.

import { type CheckedModule, type TableDef } from '@agora/host/schema';
import { byName, type CodeWriter } from './code-writer.ts';
import { rowOf } from './entity-files.ts';
import {
  type BindingOptions,
  callableReducers,
  camelName,
  pascalName,
  type Relation,
  shownProcedures,
} from './module-view.ts';
import { type NamespacedItems } from './namespaces.ts';
import { fieldsOf } from './type-builder.ts';

/** Writes `tablesSchema`: the tables and views of the root, then those of submodules under dotted names. */
export function writeTables(
  to: CodeWriter,
  root: CheckedModule,
  relations: readonly Relation[],
  namespaced: NamespacedItems,
): void {
  to.lines(
    '',
    '/** The schema information for all tables in this module. This is defined the same was as the tables would have been defined in the server. */',
  );
  to.block(
    'const tablesSchema = __schema({',
    to => {
      for (const relation of relations) {
        writeTable(to, {
          key: camelName(relation),
          name: relation.name,
          row: pascalName(relation),
          relation,
          owner: root,
        });
      }
      for (const { path, module: owner, item: relation } of [...namespaced.tables, ...namespaced.views]) {
        const name = [...path, relation.name].join('.');
        writeTable(to, { key: `"${name}"`, name, row: pascalName(relation, path), relation, owner });
      }
    },
    '});',
  );
}

interface TableEntry {
  readonly key: string;
  readonly name: string;
  readonly row: string;
  readonly relation: Relation;
  readonly owner: CheckedModule;
}

function writeTable(to: CodeWriter, { key, name, row, relation, owner }: TableEntry): void {
  const keys = fieldsOf(rowOf(relation, owner.raw)).map(({ key }) => key);
  const keyAt = (column: number) => `'${keys[column] ?? ''}'`;
  const { indexes, uniques, isEvent } = 'indexes' in relation ? relation : NO_INDEXES;
  to.block(
    `${key}: __table({`,
    to => {
      to.lines(`name: '${name}',`);
      to.block(
        'indexes: [',
        to => {
          for (const index of indexes
            .filter(({ accessor }) => accessor !== undefined)
            .sort(byName(({ name }) => name))) {
            // Always a B-tree: the cache of the client knows no other index.
            const open = `{ accessor: '${index.accessor}', name: '${index.name}', algorithm: 'btree', columns: [`;
            to.block(open, to => to.lines(...index.columns.map(column => `${keyAt(column)},`)), '] },');
          }
        },
        '],',
      );
      to.block(
        'constraints: [',
        to => {
          for (const { name, columns } of [...uniques].sort(byName(({ name }) => name))) {
            const list = [...columns]
              .sort((a, b) => a - b)
              .map(keyAt)
              .join(', ');
            to.lines(`{ name: '${name}', constraint: 'unique', columns: [${list}] },`);
          }
        },
        '],',
      );
      if (isEvent) to.lines('event: true,');
    },
    `}, ${row}Row),`,
  );
}

const NO_INDEXES: Pick<TableDef, 'indexes' | 'uniques' | 'isEvent'> = {
  indexes: [],
  uniques: [],
  isEvent: false,
};

/** Writes `reducersSchema` and `proceduresSchema`. */
export function writeFunctions(
  to: CodeWriter,
  root: CheckedModule,
  options: BindingOptions,
  namespaced: NamespacedItems,
): void {
  to.lines(
    '',
    '/** The schema information for all reducers in this module. This is defined the same way as the reducers would have been defined in the server, except the body of the reducer is omitted in code generation. */',
  );
  const reducer = (name: string, args: string) => `__reducerSchema("${name}", ${args}Reducer),`;
  to.block(
    'const reducersSchema = __reducers(',
    to => {
      for (const one of callableReducers(root, options)) to.lines(reducer(one.name, pascalName(one)));
      for (const { path, item } of namespaced.reducers) {
        to.lines(reducer([...path, item.name].join('.'), pascalName(item, path)));
      }
    },
    ');',
  );
  to.lines(
    '',
    '/** The schema information for all procedures in this module. This is defined the same way as the procedures would have been defined in the server. */',
  );
  const procedure = (name: string, args: string) =>
    `__procedureSchema("${name}", ${args}Procedure.params, ${args}Procedure.returnType),`;
  to.block(
    'const proceduresSchema = __procedures(',
    to => {
      for (const one of shownProcedures(root, options)) to.lines(procedure(one.name, pascalName(one)));
      for (const { path, item } of namespaced.procedures) {
        to.lines(procedure([...path, item.name].join('.'), pascalName(item, path)));
      }
    },
    ');',
  );
}
