// Turns a checked condition into a closure over the bytes of rows. Nothing but the compared columns is looked at.

import type { RowLayout } from '../datastore/row-layout.ts';
import { compareValues } from '../sats/compare.ts';
import type { ColumnRef, ColumnsCondition, Condition, LiteralCondition } from './condition.ts';
import type { ComparisonOperator } from './syntax.ts';

export type Test<Subject> = (subject: Subject) => boolean;

/** Where the rows that are tested are found in a subject: one row, or one row of each relation. */
export interface Subjects<Subject> {
  layout(relation: number): RowLayout;
  bytes(relation: number): (subject: Subject) => Uint8Array;
}

/** What an operator makes of the order of its sides. */
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

function compileLiteral<S>({ operator, column, ...literal }: LiteralCondition, subjects: Subjects<S>): Test<S> {
  const bytesOf = subjects.bytes(column.relation);
  const layout = subjects.layout(column.relation);
  if (literal.comparesBytes && (operator === '=' || operator === '<>')) {
    const wanted = literal.bytes;
    const isWanted = operator === '=';
    return subject => {
      const bytes = bytesOf(subject);
      const start = layout.startOf(bytes, column.column);
      const end = layout.startOf(bytes, column.column + 1);
      return isSameSpan(bytes, start, end, wanted, 0, wanted.length) === isWanted;
    };
  }
  const holds = HOLDS[operator];
  const { value } = literal;
  const { typespace } = layout;
  return subject => {
    const found = layout.value(bytesOf(subject), column.column);
    return holds(compareValues(column.type, typespace, found, value));
  };
}

function compileColumns<S>({ operator, left, right, comparesBytes }: ColumnsCondition, subjects: Subjects<S>): Test<S> {
  const leftBytes = subjects.bytes(left.relation);
  const rightBytes = subjects.bytes(right.relation);
  const leftLayout = subjects.layout(left.relation);
  const rightLayout = subjects.layout(right.relation);
  if (comparesBytes && (operator === '=' || operator === '<>')) {
    const isWanted = operator === '=';
    return subject => {
      const a = leftBytes(subject);
      const b = rightBytes(subject);
      // All places of one row are asked for before those of the other: a layout remembers the last row it walked.
      const aStart = leftLayout.startOf(a, left.column);
      const aEnd = leftLayout.startOf(a, left.column + 1);
      const bStart = rightLayout.startOf(b, right.column);
      const bEnd = rightLayout.startOf(b, right.column + 1);
      return isSameSpan(a, aStart, aEnd, b, bStart, bEnd) === isWanted;
    };
  }
  const holds = HOLDS[operator];
  const valueOf = (layout: RowLayout, bytes: Uint8Array, ref: ColumnRef) => layout.value(bytes, ref.column);
  return subject => {
    const a = valueOf(leftLayout, leftBytes(subject), left);
    const b = valueOf(rightLayout, rightBytes(subject), right);
    return holds(compareValues(left.type, leftLayout.typespace, a, b));
  };
}

function isSameSpan(a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false;
  for (let i = aStart, j = bStart; i < aEnd; i++, j++) if (a[i] !== b[j]) return false;
  return true;
}
