// Parts of an answer that several scenarios show instead of all of it.

import type { Value } from './bsatn.ts';

/** The rows of the first result of a statement. */
export function showRows(body: string): Value {
  const [first] = JSON.parse(body) as { rows: Value }[];
  return { rows: first?.rows ?? null };
}
