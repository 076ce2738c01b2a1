// Dead letters: filter, select what is shown, redrive or purge exactly that set, with a receipt for each.

import type { DbConnection } from '@agora/bindings';
import { useMemo, useState } from 'react';
import { count, msOf } from '../base/format.ts';
import { href, useFilter } from '../base/router.ts';
import { useAgentsById, useHub, useRead } from '../hub/hooks.ts';
import { toRefusal, type Refusal } from '../hub/refusal.ts';
import { Confirm } from '../ui/dialog.tsx';
import { SearchField } from '../ui/filters.tsx';
import { Icon } from '../ui/icons.tsx';
import { Empty, Loading, Page, Panel, Refused } from '../ui/layout.tsx';
import { State } from '../ui/state.tsx';
import { type Column, Table } from '../ui/table.tsx';
import { Ago, Foreign } from '../ui/text.tsx';

type Letter = Awaited<ReturnType<DbConnection['procedures']['deadLetters']>>['rows'][number];
type Verb = 'redrive' | 'purge';

/** The outcome of one letter. */
interface Outcome {
  readonly no: bigint;
  readonly refusal?: Refusal;
}

interface Receipt {
  readonly verb: Verb;
  readonly wanted: number;
  readonly outcomes: readonly Outcome[];
}

const PAGE = 256;
const MAX_SHOWN = 2_048;
const AT_ONCE = 8;

export function DeadLetters() {
  const hub = useHub();
  const [type, setType] = useFilter('type');
  const [reason, setReason] = useFilter('reason');
  const [agent, setAgent] = useFilter('agent');
  const { data, refusal, isLoading } = useRead('dead', readAll);
  const [selected, setSelected] = useState<ReadonlySet<bigint>>(new Set());
  const [asked, setAsked] = useState<Verb>();
  const [receipt, setReceipt] = useState<Receipt>();
  const ids = useMemo(() => (data ?? []).slice(0, PAGE).flatMap(row => [row.agent, row.sender]), [data]);
  const agents = useAgentsById(ids);
  const nameOf = (id: bigint) => agents.get(id)?.name ?? (id === 0n ? '—' : `#${id}`);
  const shown = (data ?? []).filter(
    row =>
      (type === '' || row.type.includes(type)) &&
      (reason === '' || row.reason.toLowerCase().includes(reason.toLowerCase())) &&
      (agent === '' || `${nameOf(row.agent)} ${nameOf(row.sender)}`.toLowerCase().includes(agent.toLowerCase())),
  );
  // Only what is shown can be selected: a filter never hides a part of what an action reaches.
  const chosen = shown.filter(({ no }) => selected.has(no));
  const toggle = (no: bigint) =>
    setSelected(old => {
      const next = new Set(old);
      if (!next.delete(no)) next.add(no);
      return next;
    });
  const perform = async (verb: Verb) => {
    const wanted = chosen.map(({ no }) => no);
    const outcomes: Outcome[] = [];
    setReceipt({ verb, wanted: wanted.length, outcomes: [] });
    const left = [...wanted];
    const work = async () => {
      for (let no = left.shift(); no !== undefined; no = left.shift()) {
        const letter = no;
        try {
          await hub.call(({ reducers }) =>
            verb === 'redrive' ? reducers.redrive({ no: letter }) : reducers.purge({ no: letter }),
          );
          outcomes.push({ no: letter });
        } catch (error) {
          outcomes.push({ no: letter, refusal: toRefusal(error) });
        }
        setReceipt({ verb, wanted: wanted.length, outcomes: [...outcomes] });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    setSelected(new Set());
    hub.tables.beat();
  };
  const columns: Column<Letter>[] = [
    {
      name: 'Select',
      width: '4.5rem',
      cell: row => (
        <input
          type="checkbox"
          aria-label={`Select letter ${row.no}`}
          checked={selected.has(row.no)}
          onChange={() => toggle(row.no)}
        />
      ),
    },
    {
      name: 'Type',
      width: 'minmax(7rem, 1fr)',
      cell: row => (
        <a className="row-link" href={href(['messages', row.message])}>
          <Foreign text={row.type} max={64} />
        </a>
      ),
    },
    { name: 'Recipient', width: 'minmax(6rem, 1fr)', cell: row => <AgentLink name={nameOf(row.agent)} /> },
    { name: 'Sender', width: 'minmax(6rem, 1fr)', cell: row => <AgentLink name={nameOf(row.sender)} />, isMinor: true },
    {
      name: 'Reason',
      width: 'minmax(9rem, 2.4fr)',
      cell: row => (
        <span className="excerpt">
          <Foreign text={row.reason} max={200} />
        </span>
      ),
      isMinor: true,
    },
    { name: 'Died', width: '6.5rem', cell: row => <Ago ms={msOf(row.at)} /> },
  ];
  const areAll = shown.length > 0 && chosen.length === shown.length;
  return (
    <Page
      title="Dead letters"
      about={
        data
          ? `${count(shown.length)} shown of ${count(data.length)}${data.length >= MAX_SHOWN ? ' and more' : ''}`
          : 'Loading'
      }
      actions={
        <>
          <button type="button" className="primary" disabled={chosen.length === 0} onClick={() => setAsked('redrive')}>
            <Icon name="retry" /> Redrive {chosen.length > 0 && count(chosen.length)}
          </button>
          <button type="button" className="danger" disabled={chosen.length === 0} onClick={() => setAsked('purge')}>
            <Icon name="trash" /> Purge {chosen.length > 0 && count(chosen.length)}
          </button>
        </>
      }
    >
      <div className="filters">
        <SearchField label="Type of dead letters" value={type} onChange={setType} placeholder="Type" />
        <SearchField
          label="Reason of dead letters"
          value={reason}
          onChange={setReason}
          placeholder="Part of the reason"
        />
        <SearchField
          label="Agent of dead letters"
          value={agent}
          onChange={setAgent}
          placeholder="Recipient or sender"
        />
        <label className="check">
          <input
            type="checkbox"
            checked={areAll}
            disabled={shown.length === 0}
            onChange={() => setSelected(new Set(areAll ? [] : shown.map(({ no }) => no)))}
          />{' '}
          Select all {count(shown.length)} shown
        </label>
      </div>
      {receipt && <ReceiptPanel receipt={receipt} onClose={() => setReceipt(undefined)} />}
      <Panel className="flush">
        {refusal ? (
          <Refused refusal={refusal} />
        ) : isLoading ? (
          <Loading rows={8} />
        ) : shown.length === 0 ? (
          <Empty title={data?.length === 0 ? 'No delivery has failed finally.' : 'No dead letter matches.'}>
            Deliveries that fail all of their attempts appear here.
          </Empty>
        ) : (
          <Table label="Dead letters" rows={shown} columns={columns} keyOf={({ no }) => String(no)} />
        )}
      </Panel>
      {asked && (
        <Confirm
          title={`${asked === 'redrive' ? 'Redrive' : 'Purge'} ${count(chosen.length)} dead ${chosen.length === 1 ? 'letter' : 'letters'}`}
          verb={asked === 'redrive' ? `Redrive ${count(chosen.length)}` : `Purge ${count(chosen.length)}`}
          isDangerous={asked === 'purge'}
          onClose={() => setAsked(undefined)}
          onConfirm={() => void perform(asked)}
        >
          <p>
            {asked === 'redrive'
              ? 'Exactly the selected letters go to their recipients again, each with all of its attempts.'
              : 'Exactly the selected letters are deleted. Their deliveries stay dead; this cannot be undone.'}
          </p>
        </Confirm>
      )}
    </Page>
  );
}

function AgentLink({ name }: { readonly name: string }) {
  return /^\w/.test(name) ? (
    <a href={href(['agents', name])}>
      <Foreign text={name} max={64} />
    </a>
  ) : (
    <Foreign text={name} max={64} />
  );
}

function ReceiptPanel({
  receipt: { verb, wanted, outcomes },
  onClose,
}: {
  readonly receipt: Receipt;
  readonly onClose: () => void;
}) {
  const refused = outcomes.filter(({ refusal }) => refusal !== undefined);
  const isRunning = outcomes.length < wanted;
  const state = isRunning ? 'running' : refused.length > 0 ? 'refused' : 'applied';
  return (
    <Panel
      title="Receipt"
      aside={
        <button type="button" className="ghost square" aria-label="Close the receipt" onClick={onClose}>
          <Icon name="cross" size={14} />
        </button>
      }
    >
      <p role="status" data-receipt={state}>
        <State state={state} text={isRunning ? 'pending' : state} /> {count(outcomes.length - refused.length)} of{' '}
        {count(wanted)} {verb === 'redrive' ? 'redriven' : 'purged'}
        {refused.length > 0 && `, ${count(refused.length)} refused`}.
      </p>
      {refused.length > 0 && (
        <ul className="waits">
          {refused.slice(0, 50).map(({ no, refusal }) => (
            <li key={String(no)}>
              Letter {String(no)}: <Foreign text={refusal?.message ?? ''} /> <code>{refusal?.code}</code>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

async function readAll(db: DbConnection): Promise<Letter[]> {
  const letters: Letter[] = [];
  for (let after = 0n; letters.length < MAX_SHOWN;) {
    const { rows, next } = await db.procedures.deadLetters({ after, limit: PAGE, agent: 0n, sender: 0n });
    letters.push(...rows);
    if (next === 0n || next === after) break;
    after = next;
  }
  return letters.reverse();
}
