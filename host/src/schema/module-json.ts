// A module description as JSON, as `GET /schema` returns it: canonical types, source names, visibilities as checked.

import { bytesToHex } from '../sats/hex.ts';
import { type JsonData, type JsonText, writeJson } from '../sats/json-text.ts';
import { type CheckedModule } from './checked-module.ts';
import { type ModuleDef } from './definition.ts';
import { type RawModule, type RawRouteDef, type RawTableDef } from './raw.ts';
import { legacyModule } from './module-json-v9.ts';
import { algorithm, enumeration, option, product, sequence, typeJson } from './structure-json.ts';
import { checkModule } from './validate.ts';

/** Writes a description in the structure of version 9 or 10. Version 9 has no submodules, handlers or event tables. */
export function moduleJson(raw: RawModule, version: 9 | 10): JsonText {
  const checked = checkModule(raw);
  return writeJson(version === 9 ? legacyModule(checked) : module(checked));
}

function module(checked: CheckedModule): JsonData {
  const { raw, def, submodules } = checked;
  const sections: Record<string, JsonData>[] = [
    { Typespace: { types: def.typespace.map(typeJson) } },
    { Types: types(checked) },
    { Tables: raw.tables.map((table, at) => tableJson(table, def, at)) },
    { Reducers: reducers(checked) },
    { Procedures: procedures(checked) },
    { HttpHandlers: def.handlers.map(({ sourceName }) => ({ source_name: sourceName })) },
    {
      HttpRoutes: def.routes.map(({ handler, method, path }) => ({
        handler_function: handler,
        method: methodJson(method),
        path,
      })),
    },
    { Views: views(checked) },
    { ViewPrimaryKeys: viewPrimaryKeys(def) },
    { Schedules: schedules(def) },
    { LifeCycleReducers: lifecycles(def) },
    { RowLevelSecurity: raw.rowLevelSecurity.map(sql => ({ sql })) },
    { ExplicitNames: { entries: explicitNames(def) } },
    { Submodules: submodules.map(({ namespace, module: inner }) => ({ namespace, module: module(inner) })) },
  ];
  // Empty sections are left out.
  return {
    sections: sections.filter(
      section => !Object.values(section).some(body => Array.isArray(body) && body.length === 0),
    ),
  };
}

function types({ raw, def }: CheckedModule): JsonData[] {
  return def.types.map(({ scope, name, ref }, at) => ({
    source_name: { scope, source_name: name },
    ty: ref,
    custom_ordering: raw.types[at]?.customOrdering ?? true,
  }));
}

function tableJson(raw: RawTableDef, def: ModuleDef, at: number): JsonData {
  const table = def.tables[at];
  return {
    source_name: raw.sourceName,
    product_type_ref: raw.rowType,
    primary_key: raw.primaryKey,
    indexes: (table?.indexes ?? []).map(index => ({
      source_name: option(index.sourceName),
      accessor_name: option(index.accessor),
      algorithm: algorithm(index),
    })),
    constraints: (table?.uniques ?? []).map(({ name, columns }) => ({
      source_name: option(name),
      data: { Unique: { columns } },
    })),
    sequences: raw.sequences.map((one, position) => ({
      source_name: option(table?.sequences[position]?.name),
      ...sequence(one),
    })),
    table_type: enumeration(raw.type === 'user' ? 'User' : 'System'),
    table_access: enumeration(raw.access === 'public' ? 'Public' : 'Private'),
    default_values: raw.defaults.map(({ column, value }) => ({ col_id: column, value: bytesToHex(value) })),
    is_event: raw.isEvent,
  };
}

function reducers({ raw, def }: CheckedModule): JsonData[] {
  return raw.reducers.map(({ sourceName, params, ok, err }, at) => ({
    source_name: sourceName,
    params: product(params),
    visibility: visibility(def.reducers[at]?.isPrivate),
    ok_return_type: typeJson(ok),
    err_return_type: typeJson(err),
  }));
}

function procedures({ def }: CheckedModule): JsonData[] {
  return def.procedures.map(({ sourceName, params, returns, isPrivate }) => ({
    source_name: sourceName,
    params: product(params),
    return_type: typeJson(returns),
    visibility: visibility(isPrivate),
  }));
}

function views({ raw }: CheckedModule): JsonData[] {
  return raw.views.map(({ sourceName, index, isPublic, isAnonymous, params, returns }) => ({
    source_name: sourceName,
    index,
    is_public: isPublic,
    is_anonymous: isAnonymous,
    params: product(params),
    return_type: typeJson(returns),
  }));
}

/** Column names are canonical, like those of the typespace in the same document. */
function viewPrimaryKeys({ views }: ModuleDef): JsonData[] {
  return views.flatMap(({ sourceName, columns, primaryKey }) => {
    const column = primaryKey === undefined ? undefined : columns[primaryKey];
    return column ? [{ view_source_name: sourceName, columns: [column.name] }] : [];
  });
}

function schedules({ tables, reducers, procedures }: ModuleDef): JsonData[] {
  const runs = [...reducers, ...procedures];
  return tables.flatMap(({ name, schedule }) => {
    if (!schedule) return [];
    const target = runs.find(({ sourceName }) => sourceName === schedule.functionName);
    return [
      {
        source_name: option(schedule.name),
        table_name: name,
        schedule_at_col: schedule.atColumn,
        function_name: target?.name ?? schedule.functionName,
      },
    ];
  });
}

const LIFECYCLES = { init: 'Init', onConnect: 'OnConnect', onDisconnect: 'OnDisconnect' } as const;

function lifecycles({ reducers }: ModuleDef): JsonData[] {
  return reducers.flatMap(({ name, lifecycle }) =>
    lifecycle ? [{ lifecycle_spec: enumeration(LIFECYCLES[lifecycle]), function_name: name }] : [],
  );
}

/** All names, explicit or not, so that readers of this JSON convert none themselves. */
function explicitNames({ tables, reducers, procedures, views }: ModuleDef): JsonData[] {
  const entry = (kind: string) => (one: { readonly sourceName: string; readonly name: string }) => ({
    [kind]: { source_name: one.sourceName, canonical_name: one.name },
  });
  return [...tables.map(entry('Table')), ...[...reducers, ...procedures, ...views].map(entry('Function'))];
}

const METHODS = ['Get', 'Head', 'Post', 'Put', 'Delete', 'Connect', 'Options', 'Trace', 'Patch'];

function methodJson(method: RawRouteDef['method']): JsonData {
  if (method === undefined) return enumeration('Any');
  const known = METHODS.find(one => one.toUpperCase() === method);
  return { Method: known ? enumeration(known) : { Extension: method } };
}

function visibility(isPrivate: boolean | undefined): JsonData {
  return enumeration(isPrivate ? 'Private' : 'ClientCallable');
}
