// Rows of a hub's tables, read as its owner by SQL.

import type { Hub } from '@agora/hub';
import { z } from 'zod';

/** Returns the rows of a statement, checked; a row is a tuple of its columns. */
export async function readRows<Row>(hub: Hub, sql: string, row: z.ZodType<Row>): Promise<Row[]> {
  const answer = await fetch(`${hub.url}/v1/database/${hub.database}/sql`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${hub.ownerToken}` },
    body: sql,
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new Error(`SQL failed: ${await answer.text()}`);
  const [statement] = z.tuple([z.object({ rows: z.array(row) })]).parse(await answer.json());
  return statement.rows;
}

/** Counts rows; `rows` is a table, optionally with a condition. */
export async function countRows(hub: Hub, rows: string): Promise<number> {
  const [found] = await readRows(hub, `SELECT COUNT(*) AS n FROM ${rows}`, z.tuple([z.number()]));
  if (!found) throw new Error(`nothing was counted in ${rows}`);
  return found[0];
}
