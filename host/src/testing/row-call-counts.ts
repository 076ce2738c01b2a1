// Counts the system calls on rows that a module makes: what an act costs, apart from the machine.

import { RowCalls } from '../guest/row-calls.ts';

/** Row calls by kind. A call that finds no row counts as well. */
export interface RowCallCounts {
  readonly find: number;
  readonly scan: number;
  readonly insert: number;
  readonly update: number;
  readonly delete: number;
  readonly all: number;
}

const KINDS = {
  scanPoint: 'find',
  scanRange: 'scan',
  scanTable: 'scan',
  insert: 'insert',
  update: 'update',
  deletePoint: 'delete',
  deleteRange: 'delete',
  deleteEqual: 'delete',
} as const satisfies Partial<Record<keyof RowCalls, Exclude<keyof RowCallCounts, 'all'>>>;

/** Runs `work` and returns the row calls that modules of this process made in it. Row counts of tables are left out: they read no rows. */
export function countRowCalls(work: () => void): RowCallCounts {
  const counts = { find: 0, scan: 0, insert: 0, update: 0, delete: 0, all: 0 };
  const methods = Object.entries(KINDS).map(([method, kind]) => {
    const original = Object.getOwnPropertyDescriptor(RowCalls.prototype, method);
    const call: unknown = original?.value;
    if (!original || typeof call !== 'function') throw new Error(`there is no row call ${method}`);
    const value = function (this: unknown, ...args: unknown[]): unknown {
      counts[kind]++;
      counts.all++;
      return Reflect.apply(call, this, args) as unknown;
    };
    Object.defineProperty(RowCalls.prototype, method, { ...original, value });
    return { method, original };
  });
  try {
    work();
  } finally {
    for (const { method, original } of methods) Object.defineProperty(RowCalls.prototype, method, original);
  }
  return counts;
}
