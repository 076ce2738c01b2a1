// Workflows of the hub: the newest first, searched and paged by the hub.

import type { DbConnection } from '@agora/bindings';
import { WORKFLOW_STATUSES } from '@agora/module/contract';
import { useState } from 'react';
import { StartWorkflow } from '../actions/start-workflow.tsx';
import { count, msOf } from '../base/format.ts';
import { href, useFilter } from '../base/router.ts';
import { usePaged } from '../hub/paged.ts';
import { Choice, SearchField } from '../ui/filters.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page } from '../ui/layout.tsx';
import { Listing } from '../ui/listing.tsx';
import { State } from '../ui/state.tsx';
import type { Column } from '../ui/table.tsx';
import { Ago, Foreign, Id, Running } from '../ui/text.tsx';

type Summary = Awaited<ReturnType<DbConnection['procedures']['listWorkflows']>>['rows'][number];

const NO_ROWS: readonly Summary[] = [];

export function Workflows() {
  const [text, setText] = useFilter('q');
  const [status, setStatus] = useFilter('status');
  const [isStarting, setStarting] = useState(false);
  const { data, refusal, isLoading, more } = usePaged(
    `workflows ${status} ${text}`,
    (db, before, limit) => db.procedures.listWorkflows({ before, limit, status, text }),
    { onEvents: true },
  );
  const shown = data ?? NO_ROWS;
  const columns: Column<Summary>[] = [
    { name: 'Workflow', width: 'minmax(9rem, 2fr)', cell: row => <Foreign text={row.type} max={64} /> },
    { name: 'Status', width: '9rem', cell: row => <State state={row.status} /> },
    { name: 'Steps', width: '6rem', cell: row => `${row.ended} of ${row.total}`, isNumber: true, isMinor: true },
    {
      name: 'Initiator',
      width: 'minmax(7rem, 1fr)',
      cell: row =>
        row.parent === '' ? (
          <a href={href(['agents', row.initiator])}>
            <Foreign text={row.initiator} max={64} />
          </a>
        ) : (
          <a href={href(['workflows', row.parent])}>nested</a>
        ),
      isMinor: true,
    },
    { name: 'Id', width: '8.5rem', cell: row => <Id id={row.id} />, isMinor: true },
    {
      name: 'Runs',
      width: '7rem',
      cell: row => <Running since={msOf(row.startedAt)} until={msOf(row.endedAt)} />,
      isNumber: true,
      isMinor: true,
    },
    { name: 'Started', width: '7rem', cell: row => <Ago ms={msOf(row.startedAt)} /> },
  ];
  return (
    <Page
      title="Workflows"
      about={data ? `${count(shown.length)} shown${more ? ', the newest' : ''}` : 'Loading'}
      actions={
        <button type="button" className="primary" onClick={() => setStarting(true)}>
          <Icon name="play" /> Start a workflow
        </button>
      }
    >
      <div className="filters">
        <SearchField label="Search workflows" value={text} onChange={setText} placeholder="Type, id or initiator" />
        <Choice
          label="Status"
          value={status}
          onChange={setStatus}
          options={[['', 'any status'], ...WORKFLOW_STATUSES.map(each => [each, each] as const)]}
        />
      </div>
      <Listing
        refusal={refusal}
        isLoading={isLoading}
        empty={text + status === '' ? 'No workflow has been started.' : 'No workflow matches.'}
        command="agora workflow start review.yaml --as Lead"
        onMore={more}
        label="Workflows"
        rows={shown}
        columns={columns}
        keyOf={({ id }) => id}
        hrefOf={({ id }) => href(['workflows', id])}
      />
      {isStarting && <StartWorkflow onClose={() => setStarting(false)} />}
    </Page>
  );
}
