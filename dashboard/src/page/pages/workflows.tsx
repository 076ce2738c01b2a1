// Workflows, as the event log reports them: the newest first, live, with their state.

import type { DbConnection } from '@agora/bindings';
import { useMemo, useState } from 'react';
import { StartWorkflow } from '../actions/start-workflow.tsx';
import { fieldsOf, textIn } from '../base/envelope.ts';
import { count, parse } from '../base/format.ts';
import { href, useFilter } from '../base/router.ts';
import { useRead } from '../hub/hooks.ts';
import { Choice, SearchField } from '../ui/filters.tsx';
import { Icon } from '../ui/icons.tsx';
import { Empty, Loading, Page, Panel, Refused } from '../ui/layout.tsx';
import { State } from '../ui/state.tsx';
import { type Column, Table } from '../ui/table.tsx';
import { Ago, Foreign, Id, Running } from '../ui/text.tsx';
import { timeOf } from './event-line.tsx';

interface Summary {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly initiator: string;
  readonly parent: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly stepsEnded: number;
}

const STATUS: Readonly<Record<string, string>> = {
  workflow_started: 'running',
  workflow_resumed: 'running',
  workflow_paused: 'paused',
  workflow_completion: 'succeeded',
  workflow_failed: 'failed',
  workflow_cancelled: 'cancelled',
};
const ENDS = new Set(['succeeded', 'failed', 'cancelled']);
const PAGE = 256;
/** How far back the log is read. */
const MAX_PAGES = 12;

export function Workflows() {
  const [text, setText] = useFilter('q');
  const [status, setStatus] = useFilter('status');
  const [isStarting, setStarting] = useState(false);
  const { data, refusal, isLoading } = useRead('workflows', readSummaries, { onEvents: true });
  const shown = useMemo(() => {
    const wanted = text.toLowerCase();
    return (data ?? []).filter(
      row =>
        (status === '' || row.status === status) &&
        (wanted === '' || `${row.id} ${row.type} ${row.initiator}`.toLowerCase().includes(wanted)),
    );
  }, [data, text, status]);
  const columns: Column<Summary>[] = [
    { name: 'Workflow', width: 'minmax(9rem, 2fr)', cell: row => <Foreign text={row.type} max={64} /> },
    { name: 'Status', width: '9rem', cell: row => <State state={row.status} /> },
    { name: 'Steps ended', width: '7rem', cell: row => count(row.stepsEnded), isNumber: true, isMinor: true },
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
      cell: row => <Running since={row.startedAt} until={row.endedAt} />,
      isNumber: true,
      isMinor: true,
    },
    { name: 'Started', width: '7rem', cell: row => <Ago ms={row.startedAt} /> },
  ];
  return (
    <Page
      title="Workflows"
      about={data ? `${count(shown.length)} in the kept events` : 'Loading'}
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
          options={[
            ['', 'any status'],
            ...['running', 'paused', 'succeeded', 'failed', 'cancelled'].map(each => [each, each] as const),
          ]}
        />
      </div>
      <Panel className="flush">
        {refusal ? (
          <Refused refusal={refusal} />
        ) : isLoading ? (
          <Loading rows={8} />
        ) : shown.length === 0 ? (
          <Empty
            title={text === '' && status === '' ? 'No workflow has been started.' : 'No workflow matches.'}
            command="agora workflow start review.yaml --as Lead"
          />
        ) : (
          <Table
            label="Workflows"
            rows={shown}
            columns={columns}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => href(['workflows', id])}
          />
        )}
      </Panel>
      {isStarting && <StartWorkflow onClose={() => setStarting(false)} />}
    </Page>
  );
}

/** Pages of the log that were read before: events never change. */
let log: { readonly db: DbConnection; first: bigint; last: bigint; rows: LogRow[] } | undefined;
type LogRow = Awaited<ReturnType<DbConnection['procedures']['readEvents']>>['rows'][number];

/** Reads the newest pages once, then only what was added. */
async function readSummaries(db: DbConnection): Promise<Summary[]> {
  const { last } = await db.procedures.readEvents({ after: 0n, limit: 1 });
  if (log?.db !== db || log.last > last) {
    const reach = BigInt(PAGE * MAX_PAGES);
    const first = last > reach ? last - reach : 0n;
    log = { db, first, last: first, rows: [] };
  }
  while (log.last < last) {
    const { rows, last: end } = await db.procedures.readEvents({ after: log.last, limit: PAGE });
    const next = rows.at(-1)?.seq ?? end;
    log.rows.push(...rows.filter(({ type }) => type.startsWith('workflow_') || type.startsWith('step_')));
    if (next <= log.last) break;
    log.last = next;
  }
  return summarize(log.rows);
}

function summarize(rows: readonly LogRow[]): Summary[] {
  const found = new Map<string, Summary>();
  for (const event of rows) {
    const data = fieldsOf(parse(event.data));
    const id = textIn(data, 'workflow_id');
    if (id === '' || event.source !== 'system') continue;
    const known = found.get(id) ?? {
      ...{ id, type: textIn(data, 'workflow_type'), status: 'running', initiator: '', parent: '' },
      ...{ startedAt: timeOf(event), endedAt: 0, stepsEnded: 0 },
    };
    const status = STATUS[event.type] ?? known.status;
    found.set(id, {
      ...known,
      status,
      initiator: known.initiator || textIn(data, 'initiator'),
      parent: known.parent || textIn(data, 'parent_workflow_id'),
      endedAt: ENDS.has(status) ? known.endedAt || timeOf(event) : 0,
      stepsEnded: known.stepsEnded + (event.type === 'step_completed' || event.type === 'step_failed' ? 1 : 0),
    });
  }
  return [...found.values()].sort((a, b) => b.startedAt - a.startedAt);
}
