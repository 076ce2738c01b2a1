// Checks the reducers, procedures, views and handlers of a description and assigns canonical names.

import { type AlgebraicType, isUnit, optionInner, type ProductType } from '../sats/type.ts';
import { checkUse } from './canonical-types.ts';
import { type CheckContext, columnsOf, productAt } from './check-context.ts';
import {
  type Lifecycle,
  type ModuleDef,
  type ProcedureDef,
  type ReducerDef,
  type RouteDef,
  type TableDef,
  type ViewDef,
} from './definition.ts';

type Functions = Pick<ModuleDef, 'reducers' | 'procedures' | 'views' | 'handlers' | 'routes'>;

/** Checks all functions; `tables` name the scheduled ones. Ids are positions within this module. */
export function checkFunctions(tables: readonly TableDef[], context: CheckContext): Functions {
  const scheduled = new Set(
    tables.flatMap(({ schedule }) => (schedule ? [context.names.function(schedule.functionName)] : [])),
  );
  const functions = {
    reducers: checkReducers(scheduled, context),
    procedures: checkProcedures(scheduled, context),
    views: checkViews(context),
    ...checkHandlers(context),
  };
  checkUnique(functions, context);
  for (const table of tables) checkScheduledFunction(table, functions, context);
  return functions;
}

function checkReducers(scheduled: ReadonlySet<string>, context: CheckContext): ReducerDef[] {
  const lifecycles = lifecyclesByReducer(context);
  const reducers = context.raw.reducers.map(({ sourceName, params, visibility, ok, err }, id) => {
    const name = checkFunctionName(sourceName, context);
    checkParams(params, `reducer \`${sourceName}\``, context);
    if (!isUnit(ok) || err.kind !== 'string') {
      context.faults.add(
        `reducer \`${sourceName}\` has an invalid return type: it returns nothing, or an error that is a string`,
      );
    }
    const lifecycle = lifecycles.get(name);
    const isPrivate = visibility === 'private' || lifecycle !== undefined || scheduled.has(name);
    return { id, name, sourceName, params, lifecycle, isPrivate };
  });
  for (const [name, lifecycle] of lifecycles) {
    if (!reducers.some(reducer => reducer.name === name)) {
      context.faults.add(`lifecycle event ${lifecycle} names reducer \`${name}\`, which does not exist`);
    }
  }
  return reducers;
}

function lifecyclesByReducer({ raw, names, faults }: CheckContext): Map<string, Lifecycle> {
  const byReducer = new Map<string, Lifecycle>();
  const seen = new Set<Lifecycle>();
  for (const { lifecycle, functionName } of raw.lifecycles) {
    const name = names.function(functionName);
    if (seen.has(lifecycle)) faults.add(`multiple reducers defined for lifecycle event ${lifecycle}`);
    if (byReducer.has(name)) faults.add(`reducer \`${name}\` is assigned to multiple lifecycle events`);
    seen.add(lifecycle);
    byReducer.set(name, lifecycle);
  }
  return byReducer;
}

function checkProcedures(scheduled: ReadonlySet<string>, context: CheckContext): ProcedureDef[] {
  return context.raw.procedures.map(({ sourceName, params, returns, visibility }, id) => {
    const name = checkFunctionName(sourceName, context);
    checkParams(params, `procedure \`${sourceName}\``, context);
    checkUse(returns, context.named, `the return type of procedure \`${sourceName}\``, context.faults);
    return { id, name, sourceName, params, returns, isPrivate: visibility === 'private' || scheduled.has(name) };
  });
}

function checkViews(context: CheckContext): ViewDef[] {
  const primaryKeys = primaryKeysByView(context);
  return context.raw.views.flatMap(({ sourceName, index, isPublic, isAnonymous, params, returns }) => {
    const name = checkFunctionName(sourceName, context);
    context.entities.claim(sourceName, name);
    checkParams(params, `view \`${sourceName}\``, context);
    const rowType = rowTypeOfView(returns);
    if (rowType === undefined || !productAt(rowType, context.typespace)) {
      context.faults.add(
        `view \`${sourceName}\` has an invalid return type: it returns an array or an option of a named product`,
      );
      return [];
    }
    checkUse(returns, context.named, `the return type of view \`${sourceName}\``, context.faults);
    const columns = columnsOf(rowType, `view \`${sourceName}\``, context);
    const key = primaryKeys.get(sourceName);
    const primaryKey = key === undefined ? undefined : columns.findIndex(column => column.sourceName === key);
    if (primaryKey === -1) context.faults.add(`primary key column \`${key}\` of view \`${sourceName}\` not found`);
    return [{ id: index, name, sourceName, isAnonymous, isPublic, rowType, columns, primaryKey, returns }];
  });
}

function rowTypeOfView(returns: AlgebraicType): number | undefined {
  const row = returns.kind === 'array' ? returns.element : optionInner(returns);
  return row?.kind === 'ref' ? row.ref : undefined;
}

function primaryKeysByView({ raw, faults }: CheckContext): Map<string, string> {
  const byView = new Map<string, string>();
  const seen = new Set<string>();
  for (const { view, columns } of raw.viewPrimaryKeys) {
    if (seen.has(view)) faults.add(`view \`${view}\` has multiple primary key definitions`);
    seen.add(view);
    if (columns.length > 1) faults.add(`view \`${view}\` has multiple primary key columns`);
    if (!raw.views.some(({ sourceName }) => sourceName === view)) {
      faults.add(`view \`${view}\` of a primary key definition not found`);
    }
    const [column] = columns;
    if (column !== undefined) byView.set(view, column);
  }
  return byView;
}

function checkHandlers(context: CheckContext): Pick<ModuleDef, 'handlers' | 'routes'> {
  const { raw, names, faults } = context;
  const handlers = raw.handlers.map((sourceName, id) => ({
    id,
    name: checkFunctionName(sourceName, context),
    sourceName,
  }));
  for (const name of repeated(handlers)) faults.add(`HTTP handler name \`${name}\` is used for multiple HTTP handlers`);
  const routes: RouteDef[] = [];
  for (const { handler, method, path } of raw.routes) {
    const name = names.function(handler);
    if (!/^(?:\/[-a-z0-9_~/]*)?$/.test(path)) {
      faults.add(`HTTP route path \`${path}\` is invalid: it is empty or starts with /, and has only a-z 0-9 - _ ~ /`);
    }
    if (!handlers.some(handler => handler.name === name))
      faults.add(`HTTP route refers to unknown HTTP handler \`${handler}\``);
    if (routes.some(other => other.path === path && (!other.method || !method || other.method === method))) {
      faults.add(`HTTP route duplicates method ${method ?? 'ANY'} for path \`${path}\``);
    }
    routes.push({ handler: name, method, path });
  }
  return { handlers, routes };
}

function checkUnique({ reducers, procedures, views }: Functions, { faults }: CheckContext): void {
  for (const name of repeated([...reducers, ...procedures, ...views])) {
    faults.add(`name \`${name}\` is used for multiple reducers, procedures and/or views`);
  }
}

function checkScheduledFunction(
  table: TableDef,
  { reducers, procedures }: Functions,
  { names, faults }: CheckContext,
): void {
  if (!table.schedule) return;
  const name = names.function(table.schedule.functionName);
  const runs = [...reducers, ...procedures].find(one => one.name === name);
  if (!runs) {
    faults.add(`schedule \`${table.schedule.name}\` refers to reducer or procedure \`${name}\`, which does not exist`);
    return;
  }
  const [param, ...more] = runs.params.elements;
  if (param?.type.kind !== 'ref' || param.type.ref !== table.rowType || more.length > 0) {
    faults.add(
      `scheduled function \`${runs.sourceName}\` must take one argument, a row of table \`${table.sourceName}\``,
    );
  }
}

function checkFunctionName(sourceName: string, { names, faults }: CheckContext): string {
  faults.identifier(sourceName);
  return faults.identifier(names.function(sourceName));
}

function checkParams(params: ProductType, owner: string, { named, names, faults }: CheckContext): void {
  for (const [position, { name, type }] of params.elements.entries()) {
    if (name === undefined) faults.add(`error at ${owner} argument ${position}: it has no name`);
    else faults.identifier(names.field(name));
    checkUse(type, named, `${owner} argument ${position}${name === undefined ? '' : ` (\`${name}\`)`}`, faults);
  }
}

function repeated(functions: readonly { readonly name: string }[]): string[] {
  const seen = new Set<string>();
  return functions.map(({ name }) => name).filter(name => seen.has(name) || !seen.add(name));
}
