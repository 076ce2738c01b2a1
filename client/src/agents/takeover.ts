// Taking an agent over from another process: a mark in the metadata of its public row, which every client of the agent sees.
// A client that sees a new mark of another one ends. Lists of agents do not show the mark.

import { parseObject } from '../base/json.ts';

/** The member of the metadata that contains the mark. */
const MARK = 'agora:taken_over_by';

/** Returns the mark of the last client that has taken the agent over. */
export function markOf(metadata: string): string | undefined {
  if (!metadata.includes(MARK)) return undefined;
  const mark = parseObject(metadata)[MARK];
  return typeof mark === 'string' ? mark : undefined;
}

/** Returns metadata with the mark of a client; without one, as they are. */
export function marked(metadata: Readonly<Record<string, unknown>>, mark: string | undefined): object {
  return mark === undefined ? metadata : { ...metadata, [MARK]: mark };
}

/** Returns metadata without the mark. */
export function unmarked(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!(MARK in metadata)) return metadata;
  const { [MARK]: _, ...rest } = metadata;
  return rest;
}
