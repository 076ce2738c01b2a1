// Marks of other processes in the metadata of the agent's public row, which every client of the agent sees: one that has taken the
// agent over ends the other clients; one that shares it is a warning for them. Lists of agents do not show the marks.

import { parseObject } from '../base/json.ts';

/** The members of the metadata that contain the marks. */
const MEMBERS = { takenOver: 'agora:taken_over_by', shared: 'agora:shared_by' } as const;

/** The last client that has taken the agent over, and the last one that shares it. */
export type Marks = Partial<Readonly<Record<keyof typeof MEMBERS, string>>>;

const KINDS = Object.keys(MEMBERS) as (keyof typeof MEMBERS)[]; // the keys of the object above

/** Returns the marks of metadata (JSON). */
export function marksOf(metadata: string): Marks {
  if (!metadata.includes('agora:')) return {};
  const members = parseObject(metadata);
  return Object.fromEntries(
    KINDS.map(kind => [kind, members[MEMBERS[kind]]]).filter(([, mark]) => typeof mark === 'string'),
  ) as Marks; // the filter above
}

/** Returns metadata with marks. */
export function marked(metadata: Readonly<Record<string, unknown>>, marks: Marks): object {
  const members = KINDS.flatMap(kind => (marks[kind] === undefined ? [] : [[MEMBERS[kind], marks[kind]]]));
  return members.length === 0 ? metadata : { ...metadata, ...(Object.fromEntries(members) as object) };
}

/** Returns metadata without the marks. */
export function unmarked(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!KINDS.some(kind => MEMBERS[kind] in metadata)) return metadata;
  const { [MEMBERS.takenOver]: _, [MEMBERS.shared]: __, ...rest } = metadata;
  return rest;
}
