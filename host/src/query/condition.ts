// A checked predicate: names are columns, literals are values, and both sides of a comparison have the same type.

import type { AlgebraicType } from '../sats/type.ts';
import type { ComparisonOperator } from './syntax.ts';

/** A column of one of the relations of a query, both by position. */
export interface ColumnRef {
  readonly relation: number;
  readonly column: number;
  readonly type: AlgebraicType;
}

/** A column compared with a value; the column is the left side. */
export interface LiteralCondition {
  readonly kind: 'literal';
  readonly operator: ComparisonOperator;
  readonly column: ColumnRef;
  /** The value as BSATN. */
  readonly bytes: Uint8Array;
  /** True if two values are equal exactly if their bytes are; false for floats. */
  readonly comparesBytes: boolean;
}

/** Two columns of a query compared with each other. */
export interface ColumnsCondition {
  readonly kind: 'columns';
  readonly operator: ComparisonOperator;
  readonly left: ColumnRef;
  readonly right: ColumnRef;
  readonly comparesBytes: boolean;
}

/** A predicate that was checked against its relations. */
export type Condition =
  | LiteralCondition
  | ColumnsCondition
  | { readonly kind: 'constant'; readonly value: boolean }
  | {
      readonly kind: 'booleans';
      readonly operator: ComparisonOperator;
      readonly left: Condition;
      readonly right: Condition;
    }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Condition[] };

/** The conjuncts of a condition. */
export function conjuncts(condition: Condition): readonly Condition[] {
  return condition.kind === 'and' ? condition.terms.flatMap(conjuncts) : [condition];
}

/** The relations that a condition reads. */
export function relationsOf(condition: Condition): Set<number> {
  switch (condition.kind) {
    case 'literal':
      return new Set([condition.column.relation]);
    case 'columns':
      return new Set([condition.left.relation, condition.right.relation]);
    case 'constant':
      return new Set();
    case 'booleans':
      return relationsOf(condition.left).union(relationsOf(condition.right));
    case 'and':
    case 'or':
      return new Set(condition.terms.flatMap(term => [...relationsOf(term)]));
  }
}

/** Key of a condition: equal for the same condition in another spelling. */
export function conditionKey(condition: Condition): string {
  switch (condition.kind) {
    case 'literal': {
      const bytes = Buffer.from(condition.bytes).toString('base64');
      return `${columnKey(condition.column)}${condition.operator}'${bytes}'`;
    }
    case 'columns':
      return `${columnKey(condition.left)}${condition.operator}${columnKey(condition.right)}`;
    case 'constant':
      return String(condition.value);
    case 'booleans':
      return `[${conditionKey(condition.left)}]${condition.operator}[${conditionKey(condition.right)}]`;
    case 'and':
    case 'or':
      return `(${condition.terms.map(conditionKey).join(condition.kind)})`;
  }
}

function columnKey({ relation, column }: ColumnRef): string {
  return `${relation}.${column}`;
}
