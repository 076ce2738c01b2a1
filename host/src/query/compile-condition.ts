// Compiles a checked condition into a closure over the bytes of rows that reads only the compared columns.

import type { RowLayout } from '../datastore/row-layout.ts';
import { type ByteOrder, byteOrder } from './byte-order.ts';
import type { ColumnRef, ColumnsCondition, Condition, LiteralCondition } from './condition.ts';
import type { ComparisonOperator } from './syntax.ts';

/** Returns true if a subject meets a condition. */
export type Test<Subject> = (subject: Subject) => boolean;

/** How to find the tested rows in a subject: one row, or one row of each relation. */
export interface Subjects<Subject> {
  layout(relation: number): RowLayout;
  bytes(relation: number): (subject: Subject) => Uint8Array;
}

/** The result of each operator for the order of its sides. */
const HOLDS: Record<ComparisonOperator, (order: number) => boolean> = {
  '=': order => order === 0,
  '<>': order => order !== 0,
  '<': order => order < 0,
  '<=': order => order <= 0,
  '>': order => order > 0,
  '>=': order => order >= 0,
};

/** Compiles several conditions that must all hold; undefined if there are none. */
export function compileAll<S>(conditions: readonly Condition[], subjects: Subjects<S>): Test<S> | undefined {
  const [first, second, ...others] = conditions.map(condition => compileCondition(condition, subjects));
  if (!first || !second) return first;
  if (others.length === 0) return subject => first(subject) && second(subject);
  const rest = [second, ...others];
  return subject => first(subject) && rest.every(test => test(subject));
}

function compileCondition<S>(condition: Condition, subjects: Subjects<S>): Test<S> {
  switch (condition.kind) {
    case 'constant': {
      const { value } = condition;
      return () => value;
    }
    case 'literal':
      return compileLiteral(condition, subjects);
    case 'columns':
      return compileColumns(condition, subjects);
    case 'booleans': {
      const left = compileCondition(condition.left, subjects);
      const right = compileCondition(condition.right, subjects);
      const holds = HOLDS[condition.operator];
      return subject => holds(Number(left(subject)) - Number(right(subject)));
    }
    case 'and':
      return compileAll(condition.terms, subjects) ?? (() => true);
    case 'or': {
      const tests = condition.terms.map(term => compileCondition(term, subjects));
      return subject => tests.some(test => test(subject));
    }
  }
}

function compileLiteral<S>(
  { operator, column, bytes: wanted, comparesBytes }: LiteralCondition,
  subjects: Subjects<S>,
) {
  const bytesOf = subjects.bytes(column.relation);
  const layout = subjects.layout(column.relation);
  const { holds, order } = comparison(operator, column, comparesBytes, layout);
  const at = column.column;
  return (subject: S): boolean => {
    const bytes = bytesOf(subject);
    const start = layout.startOf(bytes, at);
    return holds(order(bytes, start, layout.startOf(bytes, at + 1), wanted, 0, wanted.length));
  };
}

function compileColumns<S>({ operator, left, right, comparesBytes }: ColumnsCondition, subjects: Subjects<S>) {
  const leftBytes = subjects.bytes(left.relation);
  const rightBytes = subjects.bytes(right.relation);
  const leftLayout = subjects.layout(left.relation);
  const rightLayout = subjects.layout(right.relation);
  const { holds, order } = comparison(operator, left, comparesBytes, leftLayout);
  return (subject: S): boolean => {
    const a = leftBytes(subject);
    const b = rightBytes(subject);
    // All positions in one row are read before those in the other: a layout caches the last row it walked.
    const aStart = leftLayout.startOf(a, left.column);
    const aEnd = leftLayout.startOf(a, left.column + 1);
    const bStart = rightLayout.startOf(b, right.column);
    return holds(order(a, aStart, aEnd, b, bStart, rightLayout.startOf(b, right.column + 1)));
  };
}

/** A test for equality, which is often faster than a comparison. */
function comparison(
  operator: ComparisonOperator,
  { type }: ColumnRef,
  comparesBytes: boolean,
  { typespace }: RowLayout,
): { holds: (order: number) => boolean; order: ByteOrder } {
  const asksEquality = comparesBytes && (operator === '=' || operator === '<>');
  return { holds: HOLDS[operator], order: asksEquality ? compareSpans : byteOrder(type, typespace) };
}

/** Returns 0 exactly if the bytes are equal. */
const compareSpans: ByteOrder = (a, aStart, aEnd, b, bStart, bEnd) => {
  if (aEnd - aStart !== bEnd - bStart) return 1;
  for (let i = aStart, j = bStart; i < aEnd; i++, j++) if (a[i] !== b[j]) return 1;
  return 0;
};
