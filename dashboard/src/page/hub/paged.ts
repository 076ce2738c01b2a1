// Lists that the hub filters and pages: the first rows are read again on every change, and more of them on request.

import type { DbConnection } from '@agora/bindings';
import { useState } from 'react';
import { useRead, type Read } from './hooks.ts';

interface Page<Row> {
  readonly rows: readonly Row[];
  /** The cursor of the next page; 0 if there is none. */
  readonly next: bigint;
}

/** Rows of one read; each `more` adds as many. */
const ROWS = 128;
/** Calls of one read: a call looks at a few thousand rows, so a rare text may need several. */
const CALLS = 4;

/** The reach of the first read: how often its calls, and the rows after which it ends. A page may have more rows than wanted. */
const FIRST = { times: 1, wanted: ROWS };

/** Rows of a list, and how to get more of them. */
export interface Paged<Row> extends Read<readonly Row[]> {
  /** Undefined if all rows are there. */
  readonly more: (() => void) | undefined;
}

/** Reads the first rows of a list, again whenever the hub changed. `key` names the list with its filters. */
export function usePaged<Row>(
  key: string | undefined,
  read: (db: DbConnection, cursor: bigint, limit: number) => Promise<Page<Row>>,
  options: { readonly onEvents?: boolean } = {},
): Paged<Row> {
  const [reach, setReach] = useState({ key, ...FIRST });
  const { times, wanted } = reach.key === key ? reach : FIRST;
  const { data, ...rest } = useRead(
    key === undefined ? undefined : `${key} ${times}`,
    async db => {
      const rows: Row[] = [];
      let next = 0n;
      for (let calls = 0; calls < CALLS * times; calls++) {
        const page = await read(db, next, ROWS);
        rows.push(...page.rows);
        next = page.next;
        if (next === 0n || rows.length >= wanted) break;
      }
      return { rows, next };
    },
    { ...options, keep: key },
  );
  const more =
    data && data.next !== 0n ? () => setReach({ key, times: times + 1, wanted: data.rows.length + ROWS }) : undefined;
  return { ...rest, data: data?.rows, more };
}
