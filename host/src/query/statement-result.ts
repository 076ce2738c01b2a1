// Result of a statement, and its HTTP response body.

import type { Commit } from '../datastore/commit.ts';
import { toJson } from '../sats/json.ts';
import { type JsonText, writeJson } from '../sats/json-text.ts';
import { BsatnReader } from '../sats/reader.ts';
import {
  type AlgebraicType,
  type ProductElement,
  type ProductType,
  resolveType,
  type Typespace,
} from '../sats/type.ts';
import { decodeValue } from '../sats/value.ts';
import { product } from '../schema/structure-json.ts';
import type { QueryBudget } from './query-budget.ts';
import type { WriteStats } from './write-statement.ts';

/** The result of a statement. */
export interface StatementResult {
  /** The type of the rows, with the names of the columns. */
  readonly schema: ProductType;
  readonly typespace: Typespace;
  /** Each row as BSATN of `schema`. */
  readonly rows: readonly Uint8Array[];
  readonly stats: WriteStats;
  /** The changes of a write; undefined for a read. */
  readonly commit: Commit | undefined;
  /** The budget of the request, which its text uses further. */
  readonly budget: QueryBudget;
}

/** Depth limit of inlining: a recursive type cannot be written without references, so deeper ones stay. */
const MAX_DEPTH = 16;

/** The response body of `POST /sql`. Throws `query/over-budget`. */
export function statementJson(result: StatementResult, durationMicros: number): JsonText {
  const { schema, typespace, stats } = result;
  const members = [
    `"schema":${writeJson(product(inlineProduct(schema, typespace, 0)))}`,
    `"rows":[${rowsText(result)}]`,
    `"total_duration_micros":${Math.round(durationMicros)}`,
    `"stats":${writeJson({
      rows_inserted: stats.rowsInserted,
      rows_deleted: stats.rowsDeleted,
      rows_updated: stats.rowsUpdated,
    })}`,
  ];
  return `[{${members.join(',')}}]`;
}

/** Appends to one string, so that the text exists only once. */
function rowsText({ schema, typespace, rows, budget }: StatementResult): string {
  let text = '';
  for (const bytes of rows) {
    budget.checkTime();
    const row = toJson(schema, typespace, decodeValue(schema, typespace, new BsatnReader(bytes)));
    budget.returnBytes(row.length);
    text += text === '' ? row : `,${row}`;
  }
  return text;
}

function inlineProduct({ elements }: ProductType, typespace: Typespace, depth: number): ProductType {
  return { kind: 'product', elements: inlineElements(elements, typespace, depth) };
}

function inlineElements(elements: readonly ProductElement[], typespace: Typespace, depth: number): ProductElement[] {
  return elements.map(({ name, type }) => ({ name, type: inline(type, typespace, depth + 1) }));
}

/** The type with every reference replaced by what it refers to. */
function inline(type: AlgebraicType, typespace: Typespace, depth: number): AlgebraicType {
  if (depth > MAX_DEPTH) return type;
  const resolved = resolveType(type, typespace);
  switch (resolved.kind) {
    case 'product':
      return inlineProduct(resolved, typespace, depth);
    case 'sum':
      return { kind: 'sum', variants: inlineElements(resolved.variants, typespace, depth) };
    case 'array':
      return { kind: 'array', element: inline(resolved.element, typespace, depth + 1) };
    default:
      return resolved;
  }
}
