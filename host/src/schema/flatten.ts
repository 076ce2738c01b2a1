// Merges submodules into the root: dotted names, one typespace, and consecutive ids for dispatch. Follows
// clockworklabs/SpacetimeDB: crates/schema/src/def.rs.

import { type AlgebraicType, type ProductElement, type ProductType, type Typespace } from '../sats/type.ts';
import { type ColumnDef, type ModuleDef, type TableDef, type ViewDef } from './definition.ts';
import { type CheckedModule } from './checked-module.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** One definition of a whole tree: the root's entities first, then each submodule's, depth first. */
export function flattenModule(root: CheckedModule): ModuleDef {
  // Nearly every module has no submodules.
  if (root.submodules.length === 0) return root.def;
  const flat: Mutable<ModuleDef> = {
    typespace: [],
    types: [],
    tables: [],
    reducers: [],
    procedures: [],
    views: [],
    // A submodule's handlers have no routes and so no callers.
    handlers: [...root.def.handlers],
    routes: [...root.def.routes],
    rowLevelSecurity: [],
  };
  append(root, [], flat);
  return flat;
}

function append({ def, submodules }: CheckedModule, path: readonly string[], flat: Mutable<ModuleDef>): void {
  const prefix = path.map(segment => `${segment}.`).join('');
  const firstRef = flat.typespace.length;
  const shift = (type: AlgebraicType) => shiftRefs(type, firstRef);
  const column = (one: ColumnDef): ColumnDef => ({ ...one, type: shift(one.type) });
  const named = <T extends { name: string; sourceName: string }>(one: T): T => ({
    ...one,
    name: prefix + one.name,
    sourceName: prefix + one.sourceName,
  });

  flat.typespace.push(...shiftTypespace(def.typespace, firstRef));
  flat.types.push(...def.types.map(type => ({ ...type, scope: [...path, ...type.scope], ref: type.ref + firstRef })));
  flat.tables.push(
    ...def.tables.map((table): TableDef => ({
      ...named(table),
      rowType: table.rowType + firstRef,
      columns: table.columns.map(column),
      indexes: table.indexes.map(named),
      uniques: table.uniques.map(unique => ({ ...unique, name: prefix + unique.name })),
      sequences: table.sequences.map(sequence => ({ ...sequence, name: prefix + sequence.name })),
      schedule: table.schedule && {
        ...table.schedule,
        name: prefix + table.schedule.name,
        functionName: prefix + table.schedule.functionName,
      },
    })),
  );
  const firstReducer = flat.reducers.length;
  flat.reducers.push(
    ...def.reducers.map(reducer => ({
      ...named(reducer),
      id: reducer.id + firstReducer,
      params: shiftProduct(reducer.params, firstRef),
    })),
  );
  const firstProcedure = flat.procedures.length;
  flat.procedures.push(
    ...def.procedures.map(procedure => ({
      ...named(procedure),
      id: procedure.id + firstProcedure,
      params: shiftProduct(procedure.params, firstRef),
      returns: shift(procedure.returns),
    })),
  );
  const firstView = { anonymous: countViews(flat.views, true), ofSender: countViews(flat.views, false) };
  flat.views.push(
    ...def.views.map((view): ViewDef => ({
      ...named(view),
      id: view.id + (view.isAnonymous ? firstView.anonymous : firstView.ofSender),
      rowType: view.rowType + firstRef,
      columns: view.columns.map(column),
      returns: shift(view.returns),
    })),
  );
  flat.rowLevelSecurity.push(...def.rowLevelSecurity);
  for (const { namespace, module } of submodules) append(module, [...path, namespace], flat);
}

function countViews(views: readonly ViewDef[], isAnonymous: boolean): number {
  return views.filter(view => view.isAnonymous === isAnonymous).length;
}

function shiftTypespace(typespace: Typespace, by: number): AlgebraicType[] {
  return typespace.map(type => shiftRefs(type, by));
}

function shiftProduct(product: ProductType, by: number): ProductType {
  return { kind: 'product', elements: shiftElements(product.elements, by) };
}

function shiftElements(elements: readonly ProductElement[], by: number): ProductElement[] {
  return elements.map(({ name, type }) => ({ name, type: shiftRefs(type, by) }));
}

/** The type with its references moved by `by`. */
function shiftRefs(type: AlgebraicType, by: number): AlgebraicType {
  switch (type.kind) {
    case 'ref':
      return { kind: 'ref', ref: type.ref + by };
    case 'product':
      return shiftProduct(type, by);
    case 'sum':
      return { kind: 'sum', variants: shiftElements(type.variants, by) };
    case 'array':
      return { kind: 'array', element: shiftRefs(type.element, by) };
    default:
      return type;
  }
}
