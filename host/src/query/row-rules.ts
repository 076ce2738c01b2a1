// Row-level rules of a module: for each table with rules, the queries whose union is visible to a caller.

import { HostError } from '../errors.ts';
import type { ModuleDef } from '../schema/definition.ts';
import { checkSelect, returnedRelation } from './check-select.ts';
import { parseSubscription } from './parser.ts';
import { QueryError } from './query-error.ts';
import type { Relation, Scope } from './scope.ts';
import type { Select } from './syntax.ts';

/** The rules of each table, by canonical name. */
export type RowRules = ReadonlyMap<string, readonly Select[]>;

const parsed = new WeakMap<ModuleDef, RowRules>();

/**
 * The rules of a module by the canonical name of their table. Throws `schema/invalid` with the rule if one is invalid:
 * unknown names, wrong types, columns instead of rows, views, or tables whose rules depend on each other.
 */
export function rowRulesOf(def: ModuleDef): RowRules {
  let rules = parsed.get(def);
  if (!rules) parsed.set(def, (rules = readRules(def)));
  return rules;
}

function readRules(def: ModuleDef): RowRules {
  const scope = ruleScope(def);
  const rules = new Map<string, Select[]>();
  const needs = new Map<string, Set<string>>();
  for (const sql of def.rowLevelSecurity) {
    try {
      const select = parseSubscription(sql);
      const checked = checkSelect(select, scope);
      const table = checked.relations[returnedRelation(checked)]?.name ?? '';
      rules.set(table, [...(rules.get(table) ?? []), select]);
      const others = checked.relations.map(({ name }) => name).filter(name => name !== table);
      needs.set(table, (needs.get(table) ?? new Set()).union(new Set(others)));
    } catch (cause) {
      if (!(cause instanceof QueryError)) throw cause;
      throw new HostError('schema/invalid', `the row-level rule \`${sql}\` cannot be kept: ${cause.message}`, {
        cause,
      });
    }
  }
  refuseCycles(needs);
  return rules;
}

/** The scope of a rule: every table, no view. It serves to check names and types and opens nothing. */
function ruleScope(def: ModuleDef): Scope {
  const find = (name: string): Relation | undefined => {
    const table = def.tables.find(each => each.name === name) ?? def.tables.find(each => each.sourceName === name);
    return table && { name: table.name, columns: table.columns, isView: false, isEvent: table.isEvent, open: never };
  };
  const scope: Scope = { typespace: def.typespace, caller: 0n, ruledBy: undefined, find, unruled: () => scope };
  return scope;
}

function never(): never {
  throw new Error('a rule is checked without its rows');
}

function refuseCycles(needs: ReadonlyMap<string, ReadonlySet<string>>): void {
  const done = new Set<string>();
  const visit = (table: string, path: readonly string[]): void => {
    if (path.includes(table)) {
      const circle = [...path.slice(path.indexOf(table)), table].join(' → ');
      throw new HostError('schema/invalid', `the row-level rules of these tables need each other: ${circle}`);
    }
    if (done.has(table)) return;
    for (const other of needs.get(table) ?? []) visit(other, [...path, table]);
    done.add(table);
  };
  for (const table of needs.keys()) visit(table, []);
}
