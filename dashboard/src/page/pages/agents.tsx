// All agents, filtered by the hub: only the rows of the chosen filter are subscribed.

import { useMemo } from 'react';
import { count } from '../base/format.ts';
import { href, useFilter } from '../base/router.ts';
import { useIsApplied, useMe, useRead, useRows } from '../hub/hooks.ts';
import type { AgentRow } from '../hub/live-tables.ts';
import { Empty, Loading, Page, Panel } from '../ui/layout.tsx';
import { State } from '../ui/state.tsx';
import { type Column, Table } from '../ui/table.tsx';
import { Ago, Foreign } from '../ui/text.tsx';
import { SearchField, Choice } from '../ui/filters.tsx';

const PRESENCES = ['', 'online', 'offline', 'stale'];
const PAGE = 256;
/** Up to this many agents the depth of their inboxes is read with them. */
const MAX_WITH_LOAD = 1_024;

export function Agents() {
  const { identity, isOperator } = useMe();
  const [text, setText] = useFilter('q');
  const [presence, setPresence] = useFilter('presence');
  const [owner, setOwner] = useFilter('owner');
  const hex = identity.toHexString();
  const conditions = [
    ...(PRESENCES.includes(presence) && presence !== '' ? [`presence = '${presence}'`] : []),
    ...(owner === 'me' ? [`owner = 0x${hex}`] : []),
  ];
  const query = `SELECT * FROM agent${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''}`;
  const agents = useRows('agent', query);
  const isReady = useIsApplied(query);
  const shown = useMemo(() => {
    const wanted = text.toLowerCase();
    return agents
      .filter(
        agent =>
          (presence === '' || agent.presence === presence) &&
          (owner !== 'me' || agent.owner.__identity__ === identity.__identity__),
      )
      .filter(agent => wanted === '' || searchable(agent).includes(wanted))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }, [agents, text, presence, owner, identity]);
  const loads = useLoads(isOperator && shown.length <= MAX_WITH_LOAD);
  const columns: Column<AgentRow>[] = [
    { name: 'Agent', width: 'minmax(9rem, 2fr)', cell: ({ name }) => <Foreign text={name} max={64} /> },
    { name: 'Presence', width: '7rem', cell: row => <State state={row.presence} /> },
    { name: 'Status', width: '7rem', cell: row => <State state={row.status} />, isMinor: true },
    { name: 'Type', width: 'minmax(6rem, 1fr)', cell: row => <Foreign text={row.agentType} max={64} />, isMinor: true },
    {
      name: 'Capabilities',
      width: 'minmax(8rem, 2fr)',
      cell: row => <Foreign text={row.capabilities.map(each => `@${each}`).join(' ')} max={80} />,
      isMinor: true,
    },
    ...(loads
      ? [
          {
            name: 'Held',
            width: '5rem',
            cell: (row: AgentRow) => count(loads.get(row.id)?.held ?? 0),
            isNumber: true,
            isMinor: true,
          },
          {
            name: 'Waiting',
            width: '5rem',
            cell: (row: AgentRow) => count(loads.get(row.id)?.waiting ?? 0),
            isNumber: true,
          },
        ]
      : []),
    {
      name: 'Changed',
      width: '7rem',
      cell: row => <Ago ms={Number(row.updatedAt.microsSinceUnixEpoch) / 1_000} />,
      isMinor: true,
    },
  ];
  return (
    <Page title="Agents" about={isReady ? `${count(shown.length)} shown` : 'Loading'}>
      <div className="filters">
        <SearchField label="Search agents" value={text} onChange={setText} placeholder="Name, type or capability" />
        <Choice
          label="Presence"
          value={presence}
          onChange={setPresence}
          options={[
            ['', 'any presence'],
            ['online', 'online'],
            ['offline', 'offline'],
            ['stale', 'stale'],
          ]}
        />
        <Choice
          label="Owner"
          value={owner}
          onChange={setOwner}
          options={[
            ['', 'all owners'],
            ['me', 'yours'],
          ]}
        />
      </div>
      <Panel className="flush">
        {!isReady && shown.length === 0 ? (
          <Loading rows={8} />
        ) : shown.length === 0 ? (
          <Empty
            title={agents.length === 0 ? 'No agent is here yet.' : 'No agent matches.'}
            command="agora listen --as Echo -- cat"
          />
        ) : (
          <Table
            label="Agents"
            rows={shown}
            columns={columns}
            keyOf={({ id }) => String(id)}
            hrefOf={({ name }) => href(['agents', name])}
          />
        )}
      </Panel>
    </Page>
  );
}

function searchable({ name, agentType, capabilities }: AgentRow): string {
  return `${name} ${agentType} ${capabilities.map(each => `@${each}`).join(' ')}`.toLowerCase();
}

/** What each mailbox holds, for operators; undefined while it is not read. */
function useLoads(isWanted: boolean) {
  const { data } = useRead(isWanted ? 'loads' : undefined, async db => {
    const loads = new Map<bigint, { readonly held: number; readonly waiting: number }>();
    for (let after = 0n, page = 0; page * PAGE < MAX_WITH_LOAD; page++) {
      const { rows, next } = await db.procedures.listMailboxes({ after, limit: PAGE });
      for (const { agent, held, waiting } of rows) loads.set(agent, { held, waiting });
      if (next === 0n || next === after) break;
      after = next;
    }
    return loads;
  });
  return data;
}
