// Semantic check of SELECT: its relations, conditions and output.

import { assert } from '../errors.ts';
import { literalValue } from './literal.ts';
import { checkColumn, checkPredicate, type NamedRelation, type Names, notInScope } from './check-expression.ts';
import { type ColumnRef, type ColumnsCondition, type Condition, conjuncts } from './condition.ts';
import { QueryError } from './query-error.ts';
import { type Relation, relationNamed, type Scope } from './scope.ts';
import type { FromItem, Projection, Select } from './syntax.ts';

/** The output of a query for each tuple that meets its conditions. */
export type Output =
  | { readonly kind: 'rows'; readonly relation: number }
  | { readonly kind: 'count'; readonly alias: string }
  | { readonly kind: 'columns'; readonly columns: readonly { readonly column: ColumnRef; readonly alias: string }[] };

/** A query with checked names and types. */
export interface CheckedSelect {
  readonly relations: readonly Relation[];
  /** The ON condition of each relation; undefined for the first and for a join without ON. */
  readonly joins: readonly (ColumnsCondition | undefined)[];
  /** Conditions that must all hold, including the ON conditions. */
  readonly conditions: readonly Condition[];
  readonly output: Output;
  readonly limit: bigint | undefined;
}

/** Checks a query. Throws `QueryError`. */
export function checkSelect(select: Select, scope: Scope): CheckedSelect {
  const { relations, joins } = checkFrom(select.from, scope);
  const names: Names = { relations, typespace: scope.typespace, caller: scope.caller };
  const where = select.where ? conjuncts(checkPredicate(select.where, names)) : [];
  const output = checkProjection(select.projection, names);
  return {
    relations: relations.map(({ relation }) => relation),
    joins,
    conditions: [...joins.filter(join => join !== undefined), ...where],
    output,
    limit: select.limit === undefined ? undefined : parseLimit(select.limit),
  };
}

/** The relation whose whole rows a query returns; a query with another output cannot be watched. */
export function returnedRelation({ output }: CheckedSelect): number {
  if (output.kind === 'rows') return output.relation;
  throw new QueryError(
    'query/unsupported',
    'Column projections are not supported in subscriptions; Subscriptions must return a table type',
  );
}

function checkFrom(
  items: readonly FromItem[],
  scope: Scope,
): { relations: NamedRelation[]; joins: (ColumnsCondition | undefined)[] } {
  const relations: NamedRelation[] = [];
  const joins: (ColumnsCondition | undefined)[] = [];
  for (const { name, alias, on } of items) {
    if (relations.some(other => other.alias === alias)) throw duplicateName(alias);
    relations.push({ alias, relation: relationNamed(scope, name) });
    joins.push(on && checkOn(on, { relations, typespace: scope.typespace, caller: scope.caller }));
  }
  return { relations, joins };
}

function checkOn({ left, right }: NonNullable<FromItem['on']>, names: Names): ColumnsCondition {
  const condition = checkPredicate(
    {
      kind: 'comparison',
      operator: '=',
      left: { kind: 'column', column: left },
      right: { kind: 'column', column: right },
    },
    names,
  );
  assert(condition.kind === 'columns', 'two columns compare as columns');
  return condition;
}

function checkProjection(projection: Projection, names: Names): Output {
  switch (projection.kind) {
    case 'star': {
      if (projection.relation === undefined) {
        if (names.relations.length === 1) return { kind: 'rows', relation: 0 };
        throw new QueryError('query/unsupported', 'SELECT * is not supported for joins');
      }
      const relation = names.relations.findIndex(({ alias }) => alias === projection.relation);
      if (relation < 0) throw notInScope(projection.relation);
      return { kind: 'rows', relation };
    }
    case 'count':
      return projection;
    case 'columns': {
      const taken = new Set<string>();
      const columns = projection.columns.map(({ column, alias }) => {
        if (taken.has(alias)) throw duplicateName(alias);
        taken.add(alias);
        return { column: checkColumn(column, names), alias };
      });
      return { kind: 'columns', columns };
    }
  }
}

function parseLimit(text: string): bigint {
  const limit = literalValue({ kind: 'number', text }, { kind: 'u64' }, []);
  assert(typeof limit === 'bigint', 'a u64 is a bigint');
  return limit;
}

function duplicateName(name: string): QueryError {
  return new QueryError('query/name', `Duplicate name \`${name}\``);
}
