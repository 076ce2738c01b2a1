// Row-level security: a query on a table with rules becomes one query for each rule, limited to the rows of that rule.
// Their results add up: a row that two rules show, or one rule twice, occurs twice, as on SpacetimeDB.

import { assert } from '../errors.ts';
import { checkSelect, type CheckedSelect, returnedRelation } from './check-select.ts';
import type { ColumnRef, ColumnsCondition, Condition } from './condition.ts';
import { QueryError } from './query-error.ts';
import { type RowRules, rowRulesOf } from './row-rules.ts';
import type { Scope } from './scope.ts';

/** Limit of queries: a join multiplies the rules of its tables, and each query is compiled and watched. */
const MAX_QUERIES = 256;

/** An intermediate query, with the tables whose rules are already applied to each relation. */
interface Fragment {
  readonly checked: CheckedSelect;
  readonly under: readonly ReadonlySet<string>[];
}

/** The queries that replace a caller's query. Throws `QueryError` if they are too many. */
export function narrowed(checked: CheckedSelect, scope: Scope): readonly [CheckedSelect, ...CheckedSelect[]] {
  const rules = scope.ruledBy && rowRulesOf(scope.ruledBy);
  if (!rules || rules.size === 0) return [checked];
  const nothing: ReadonlySet<string> = new Set();
  let fragments: Fragment[] = [{ checked, under: checked.relations.map(() => nothing) }];
  // Relations are rewritten from the left; those that a rule adds are appended.
  for (let at = 0; fragments.some(each => at < each.checked.relations.length); at++) {
    fragments = fragments.flatMap(fragment => narrowRelation(fragment, at, rules, scope));
    if (fragments.length > MAX_QUERIES) {
      throw new QueryError(
        'query/limit',
        `The row-level rules make more than ${MAX_QUERIES} queries of this one: name fewer tables`,
      );
    }
  }
  const [first, ...others] = fragments.map(each => each.checked);
  assert(first, 'a table with rules has at least one');
  return [first, ...others];
}

function narrowRelation(fragment: Fragment, at: number, rowRules: RowRules, scope: Scope): Fragment[] {
  const name = fragment.checked.relations[at]?.name ?? '';
  const rules = fragment.under[at]?.has(name) ? undefined : rowRules.get(name);
  if (!rules) return [fragment];
  return rules.map(rule => joined(fragment, at, checkSelect(rule, scope.unruled())));
}

/** The query with one relation replaced by a rule. */
function joined({ checked, under }: Fragment, at: number, rule: CheckedSelect): Fragment {
  const shown = returnedRelation(rule);
  const places: number[] = [];
  const relations = [...checked.relations];
  for (const [from, relation] of rule.relations.entries()) {
    places.push(from === shown ? at : relations.length);
    if (from !== shown) relations.push(relation);
  }
  const above = new Set(under[at]).add(checked.relations[at]?.name ?? '');
  const joins = [...checked.joins];
  for (const [from, join] of rule.joins.entries()) {
    if (from === shown) continue;
    // The first relation of a rule has no ON; it takes that of the relation it replaces.
    joins.push(moved(join ?? rule.joins[shown], places));
  }
  return {
    checked: {
      ...checked,
      relations,
      joins,
      conditions: [...checked.conditions, ...movedAll(rule.conditions, places)],
    },
    under: relations.map((_, place) => (place === at || place >= under.length ? above : (under[place] ?? above))),
  };
}

function movedAll(conditions: readonly Condition[], places: readonly number[]): Condition[] {
  return conditions.map(condition => movedCondition(condition, places));
}

function movedCondition(condition: Condition, places: readonly number[]): Condition {
  switch (condition.kind) {
    case 'literal':
      return { ...condition, column: movedColumn(condition.column, places) };
    case 'columns':
      return moved(condition, places);
    case 'constant':
      return condition;
    case 'booleans': {
      const { left, right } = condition;
      return { ...condition, left: movedCondition(left, places), right: movedCondition(right, places) };
    }
    case 'and':
    case 'or':
      return { ...condition, terms: movedAll(condition.terms, places) };
  }
}

function moved<T extends ColumnsCondition | undefined>(condition: T, places: readonly number[]): T {
  if (!condition) return condition;
  const { left, right } = condition;
  return { ...condition, left: movedColumn(left, places), right: movedColumn(right, places) };
}

function movedColumn(column: ColumnRef, places: readonly number[]): ColumnRef {
  return { ...column, relation: places[column.relation] ?? column.relation };
}
