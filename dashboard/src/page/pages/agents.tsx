// Agents, searched and paged by the hub: only the rows that are shown are subscribed.

import { useMemo } from 'react';
import { count } from '../base/format.ts';
import { href, useFilter } from '../base/router.ts';
import { useAgentsById, useMe } from '../hub/hooks.ts';
import type { AgentRow } from '../hub/live-tables.ts';
import { usePaged } from '../hub/paged.ts';
import { Page } from '../ui/layout.tsx';
import { Listing } from '../ui/listing.tsx';
import { State } from '../ui/state.tsx';
import type { Column } from '../ui/table.tsx';
import { Ago, Foreign } from '../ui/text.tsx';
import { SearchField, Choice } from '../ui/filters.tsx';

const NO_ROWS: readonly Line[] = [];

interface Line {
  readonly agent: AgentRow;
  /** Only of one's own agents, and for operators. */
  readonly held?: number | undefined;
  readonly waiting?: number | undefined;
}

export function Agents() {
  const { identity } = useMe();
  const [text, setText] = useFilter('q');
  const [presence, setPresence] = useFilter('presence');
  const [ownerFilter, setOwner] = useFilter('owner');
  const owner = ownerFilter === 'me' ? identity.toHexString() : '';
  const { data, refusal, isLoading, more } = usePaged(
    `agents ${presence} ${owner} ${text}`,
    async (db, after, limit) => {
      const { rows, loads, next } = await db.procedures.listAgents({ after, limit, text, presence, owner });
      const byAgent = new Map(loads.map(load => [load.agent, load]));
      return {
        rows: rows.map((agent): Line => {
          const load = byAgent.get(agent.id);
          return { agent, held: load?.held, waiting: load?.waiting };
        }),
        next,
      };
    },
    { onEvents: true },
  );
  const read = data ?? NO_ROWS;
  const live = useAgentsById(read.map(({ agent }) => agent.id));
  const shown = useMemo(() => {
    const rows = read.map(line => ({ ...line, agent: live.get(line.agent.id) ?? line.agent }));
    // In the order of their registration while there are more.
    return more ? rows : rows.sort((a, b) => (a.agent.name < b.agent.name ? -1 : 1));
  }, [read, live, more]);
  const columns: Column<Line>[] = [
    { name: 'Agent', width: 'minmax(9rem, 2fr)', cell: ({ agent }) => <Foreign text={agent.name} max={64} /> },
    { name: 'Presence', width: '7rem', cell: ({ agent }) => <State state={agent.presence} /> },
    { name: 'Status', width: '7rem', cell: ({ agent }) => <State state={agent.status} />, isMinor: true },
    {
      name: 'Type',
      width: 'minmax(6rem, 1fr)',
      cell: ({ agent }) => <Foreign text={agent.agentType} max={64} />,
      isMinor: true,
    },
    {
      name: 'Capabilities',
      width: 'minmax(8rem, 2fr)',
      cell: ({ agent }) => <Foreign text={agent.capabilities.map(each => `@${each}`).join(' ')} max={80} />,
      isMinor: true,
    },
    ...(read.some(({ held }) => held !== undefined)
      ? [
          { name: 'Held', width: '5rem', cell: ({ held }: Line) => countOf(held), isNumber: true, isMinor: true },
          { name: 'Waiting', width: '5rem', cell: ({ waiting }: Line) => countOf(waiting), isNumber: true },
        ]
      : []),
    {
      name: 'Changed',
      width: '7rem',
      cell: ({ agent }) => <Ago ms={Number(agent.updatedAt.microsSinceUnixEpoch) / 1_000} />,
      isMinor: true,
    },
  ];
  return (
    <Page
      title="Agents"
      about={data ? `${count(shown.length)} shown${more ? ', in the order of their registration' : ''}` : 'Loading'}
    >
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
          value={ownerFilter}
          onChange={setOwner}
          options={[
            ['', 'all owners'],
            ['me', 'yours'],
          ]}
        />
      </div>
      <Listing
        refusal={refusal}
        isLoading={isLoading}
        empty={text + presence + owner === '' ? 'No agent is here yet.' : 'No agent matches.'}
        command="agora listen --as Echo -- cat"
        onMore={more}
        label="Agents"
        rows={shown}
        columns={columns}
        keyOf={({ agent }) => String(agent.id)}
        hrefOf={({ agent }) => href(['agents', agent.name])}
      />
    </Page>
  );
}

function countOf(value: number | undefined): string {
  return value === undefined ? '—' : count(value);
}
