// Pages of agents, searched by the hub, so that a client follows only those that it shows.

import { LIMITS } from '../contract/limits.ts';
import type { Ctx } from '../schema.ts';

/** Which agents a page shows; empty means any. */
export interface AgentFilter {
  /** A part of the name, the type or an `@capability`, in any case. */
  readonly text: string;
  readonly presence: string;
  /** An identity in hexadecimal. */
  readonly owner: string;
}

type Agent = NonNullable<ReturnType<Ctx['db']['agent']['id']['find']>>;

/** Returns the agents after a number that match a filter, and the `after` of the next page. Looks up `LIMITS.lookUps` numbers. */
export function agentsAfter(db: Ctx['db'], after: bigint, limit: number, filter: AgentFilter) {
  const wanted = { ...filter, text: filter.text.toLowerCase() };
  const head = db.logHead.log.find('agent');
  const last = head?.last ?? 0n;
  const first = head?.first ?? 1n;
  const rows: Agent[] = [];
  let no = after + 1n > first ? after + 1n : first;
  const end = no + BigInt(LIMITS.lookUps);
  for (; no <= last && no < end && rows.length < limit; no++) {
    const row = db.agent.id.find(no);
    if (row && matches(row, wanted)) rows.push(row);
  }
  return { rows, next: no > last ? 0n : no - 1n };
}

function matches(row: Agent, { text, presence, owner }: AgentFilter): boolean {
  if (presence !== '' && row.presence !== presence) return false;
  if (owner !== '' && row.owner.toHexString() !== owner) return false;
  if (text === '') return true;
  return [row.name, row.agentType, ...row.capabilities.map(each => `@${each}`)].some(each =>
    each.toLowerCase().includes(text),
  );
}
