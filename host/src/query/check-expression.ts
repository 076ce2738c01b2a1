// Semantic check of WHERE: resolves names to columns, gives literals a type, and refuses invalid comparisons.

import { identityToHex } from '../sats/hex.ts';
import { type AlgebraicType, resolveType, specialName, type Typespace } from '../sats/type.ts';
import { encodeValue, type SatsValue } from '../sats/value.ts';
import { BsatnWriter } from '../sats/writer.ts';
import type { ColumnRef, Condition } from './condition.ts';
import { literalValue, unexpectedType } from './literal.ts';
import { QueryError } from './query-error.ts';
import { columnNamed, columnType, type Relation } from './scope.ts';
import type { ColumnName, ComparisonOperator, Expression, Literal } from './syntax.ts';
import { isByteArray, isSameType, typeName } from './type-name.ts';

/** A relation with its alias in the query. */
export interface NamedRelation {
  readonly alias: string;
  readonly relation: Relation;
}

/** The scope of a query: its relations and the value of `:sender`. */
export interface Names {
  readonly relations: readonly NamedRelation[];
  readonly typespace: Typespace;
  readonly caller: bigint;
}

const BOOL: AlgebraicType = { kind: 'bool' };

/** `a < b` is `b > a`. */
const FLIPPED: Record<ComparisonOperator, ComparisonOperator> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

type Operand =
  | { readonly kind: 'column'; readonly column: ColumnRef }
  | { readonly kind: 'value'; readonly value: SatsValue; readonly type: AlgebraicType }
  | { readonly kind: 'condition'; readonly condition: Condition };

/** Checks a predicate. Throws `QueryError`. */
export function checkPredicate(expression: Expression, names: Names): Condition {
  return asCondition(checkOperand(expression, BOOL, names), names);
}

/** Resolves a name to a column. Throws `QueryError`. */
export function checkColumn(name: ColumnName, names: Names): ColumnRef {
  const relation = name.relation === undefined ? 0 : names.relations.findIndex(({ alias }) => alias === name.relation);
  const columns = names.relations[relation]?.relation.columns;
  if (!columns) throw notInScope(name.relation ?? name.name);
  const column = columnNamed(columns, name.name);
  if (column === undefined) throw notInScope(name.name);
  return { relation, column, type: columnType(columns, column) };
}

/** The BSATN of a value. */
export function valueBytes(type: AlgebraicType, typespace: Typespace, value: SatsValue): Uint8Array {
  const writer = new BsatnWriter(32);
  encodeValue(type, typespace, value, writer);
  return writer.finish();
}

/** The error for an unknown name. */
export function notInScope(name: string): QueryError {
  return new QueryError('query/name', `\`${name}\` is not in scope`);
}

/** Checks an expression, which must have the type `wanted` if one is given. */
function checkOperand(expression: Expression, wanted: AlgebraicType | undefined, names: Names): Operand {
  switch (expression.kind) {
    case 'literal':
      return checkLiteral(expression.literal, wanted, names);
    case 'sender':
      return checkLiteral({ kind: 'hex', text: identityToHex(names.caller) }, wanted, names);
    case 'column': {
      const column = checkColumn(expression.column, names);
      if (wanted && !isSameType(column.type, wanted, names.typespace)) {
        throw unexpectedType(column.type, wanted, names.typespace);
      }
      return { kind: 'column', column };
    }
    case 'and':
    case 'or': {
      wantBool(wanted, names);
      const terms = expression.terms.map(term => checkPredicate(term, names));
      return { kind: 'condition', condition: { kind: expression.kind, terms } };
    }
    case 'comparison':
      wantBool(wanted, names);
      return { kind: 'condition', condition: checkComparison(expression, names) };
  }
}

function checkLiteral(literal: Literal, wanted: AlgebraicType | undefined, names: Names): Operand {
  if (wanted === undefined && literal.kind !== 'bool') {
    throw new QueryError('query/type', 'Cannot resolve type for literal expression');
  }
  const type = wanted ?? BOOL;
  const value = literalValue(literal, type, names.typespace);
  if (typeof value === 'boolean') return { kind: 'condition', condition: { kind: 'constant', value } };
  return { kind: 'value', value, type };
}

function checkComparison(
  { operator, left, right }: Extract<Expression, { kind: 'comparison' }>,
  names: Names,
): Condition {
  const isLiteralFirst = left.kind === 'literal' || left.kind === 'sender';
  const [first, second] = isLiteralFirst ? [right, left] : [left, right];
  const a = checkOperand(first, undefined, names);
  const type = operandType(a);
  const b = checkOperand(second, type, names);
  if (!isComparable(type, names.typespace)) {
    throw new QueryError(
      'query/type',
      `Invalid binary operator \`${operator}\` for type \`${typeName(type, names.typespace)}\``,
    );
  }
  return compare(isLiteralFirst ? FLIPPED[operator] : operator, a, b, names);
}

function compare(operator: ComparisonOperator, a: Operand, b: Operand, names: Names): Condition {
  const { typespace } = names;
  if (a.kind === 'column' && b.kind === 'column') {
    const comparesBytes = isEqualAsBytes(a.column.type, typespace);
    return { kind: 'columns', operator, left: a.column, right: b.column, comparesBytes };
  }
  if (a.kind === 'column') {
    const value = constantOf(b);
    if (value !== undefined) return literalCondition(operator, a.column, value, typespace);
  }
  if (b.kind === 'column') {
    const value = constantOf(a);
    if (value !== undefined) return literalCondition(FLIPPED[operator], b.column, value, typespace);
  }
  return { kind: 'booleans', operator, left: asCondition(a, names), right: asCondition(b, names) };
}

function literalCondition(
  operator: ComparisonOperator,
  column: ColumnRef,
  value: SatsValue,
  typespace: Typespace,
): Condition {
  const bytes = valueBytes(column.type, typespace, value);
  return { kind: 'literal', operator, column, bytes, comparesBytes: isEqualAsBytes(column.type, typespace) };
}

function constantOf(operand: Operand): SatsValue | undefined {
  if (operand.kind === 'value') return operand.value;
  const isConstant = operand.kind === 'condition' && operand.condition.kind === 'constant';
  return isConstant ? operand.condition.value : undefined;
}

function asCondition(operand: Operand, names: Names): Condition {
  switch (operand.kind) {
    case 'condition':
      return operand.condition;
    case 'column':
      return literalCondition('=', operand.column, true, names.typespace);
    case 'value':
      throw unexpectedType(operand.type, BOOL, names.typespace);
  }
}

function operandType(operand: Operand): AlgebraicType {
  switch (operand.kind) {
    case 'column':
      return operand.column.type;
    case 'value':
      return operand.type;
    case 'condition':
      return BOOL;
  }
}

function wantBool(wanted: AlgebraicType | undefined, names: Names): void {
  if (wanted && resolveType(wanted, names.typespace).kind !== 'bool') {
    throw unexpectedType(BOOL, wanted, names.typespace);
  }
}

function isComparable(type: AlgebraicType, typespace: Typespace): boolean {
  const resolved = resolveType(type, typespace);
  switch (resolved.kind) {
    case 'product': {
      const special = specialName(resolved);
      return special !== undefined && special !== 'timeDuration';
    }
    case 'array':
      return isByteArray(resolved, typespace);
    case 'sum':
      return false;
    default:
      return true;
  }
}

/** True for all comparable types except floats, where 0 equals -0. */
function isEqualAsBytes(type: AlgebraicType, typespace: Typespace): boolean {
  const { kind } = resolveType(type, typespace);
  return kind !== 'f32' && kind !== 'f64';
}
