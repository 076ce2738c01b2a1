// Claims: which agent holds which paths and names, until when, and which claims wait.

import { useMemo, useState } from 'react';
import { useActions } from '../actions/actions.tsx';
import { breakClaim } from '../actions/calls.ts';
import { count, msOf } from '../base/format.ts';
import { href, useFilter } from '../base/router.ts';
import { useIsApplied, useMe, useRead, useRows } from '../hub/hooks.ts';
import type { ClaimRow } from '../hub/live-tables.ts';
import { Dialog, Field } from '../ui/dialog.tsx';
import { Choice, SearchField } from '../ui/filters.tsx';
import { Icon } from '../ui/icons.tsx';
import { Empty, Facts, Loading, Page, Panel, Refused } from '../ui/layout.tsx';
import { Listing } from '../ui/listing.tsx';
import { State } from '../ui/state.tsx';
import type { Column } from '../ui/table.tsx';
import { Ago, Clock, CopyButton, Foreign, Id, Until } from '../ui/text.tsx';

const NAME = /^[\w.-]{1,64}$/;
const UUID = /^[0-9a-f-]{36}$/;
/** Claims that the queue of one shows. */
const MAX_QUEUE = 128;

export function Claims() {
  const [text, setText] = useFilter('q');
  const [state, setState] = useFilter('state');
  const [holder, setHolder] = useFilter('agent');
  const conditions = [
    ...(state === 'held' || state === 'waiting' ? [`state = '${state}'`] : []),
    ...(holder === '' ? [] : [`name = '${NAME.test(holder) ? holder : ''}'`]),
  ];
  const query = `SELECT * FROM claim${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''}`;
  const claims = useRows('claim', query);
  const isReady = useIsApplied(query);
  const shown = useMemo(() => {
    const wanted = text.toLowerCase();
    return claims
      .filter(row => (state === '' || row.state === state) && (holder === '' || row.name === holder))
      .filter(
        row => wanted === '' || `${row.id} ${row.name} ${namesOf(row)} ${row.note}`.toLowerCase().includes(wanted),
      )
      .sort((a, b) => (a.state === b.state ? Number(b.since - a.since) : a.state < b.state ? -1 : 1));
  }, [claims, text, state, holder]);
  const waiting = shown.filter(row => row.state === 'waiting').length;
  const columns: Column<ClaimRow>[] = [
    { name: 'Resources', width: 'minmax(7rem, 2.4fr)', cell: row => <Foreign text={namesOf(row)} max={120} /> },
    { name: 'State', width: '6rem', cell: row => <State state={row.state} /> },
    {
      name: 'Agent',
      width: 'minmax(5rem, 1fr)',
      cell: row => (
        <a href={href(['agents', row.name])}>
          <Foreign text={row.name} max={64} />
        </a>
      ),
    },
    { name: 'Number', width: '6rem', cell: row => numberOf(row), isNumber: true, isMinor: true },
    { name: 'Use', width: '6.5rem', cell: row => (row.isShared ? 'shared' : 'exclusive'), isMinor: true },
    { name: 'Note', width: 'minmax(7rem, 1.4fr)', cell: row => <Foreign text={row.note} max={80} />, isMinor: true },
    { name: 'Ends', width: '7rem', cell: row => <Until ms={msOf(row.until)} />, isMinor: true },
  ];
  return (
    <Page
      title="Claims"
      about={isReady ? `${count(shown.length - waiting)} held, ${count(waiting)} waiting` : 'Loading'}
    >
      <div className="filters">
        <SearchField label="Search claims" value={text} onChange={setText} placeholder="Path, name, note or id" />
        <SearchField label="Agent of claims" value={holder} onChange={setHolder} placeholder="Name of an agent" />
        <Choice
          label="State"
          value={state}
          onChange={setState}
          options={[
            ['', 'held and waiting'],
            ['held', 'held'],
            ['waiting', 'waiting'],
          ]}
        />
      </div>
      <Listing
        refusal={undefined}
        isLoading={!isReady && shown.length === 0}
        empty={text + state + holder === '' ? 'No agent claims anything.' : 'No claim matches.'}
        command="agora claim 'src/**' --as Echo"
        label="Claims"
        rows={shown}
        columns={columns}
        keyOf={({ id }) => id}
        hrefOf={({ id }) => href(['claims', id])}
      />
    </Page>
  );
}

export function Claim({ id }: { readonly id: string }) {
  const { isOperator } = useMe();
  const query = `SELECT * FROM claim WHERE id = '${UUID.test(id) ? id : ''}'`;
  const row = useRows('claim', query).find(each => each.id === id);
  const isReady = useIsApplied(query);
  const [isBreaking, setBreaking] = useState(false);
  if (!row) {
    return (
      <Page title="Claim" about={<Id id={id} />}>
        {isReady ? (
          <Empty title="There is no such claim.">It was released, has ended, or was broken.</Empty>
        ) : (
          <Loading />
        )}
      </Page>
    );
  }
  const isHeld = row.state === 'held';
  return (
    <Page
      title={namesOf(row, 2)}
      about={
        <>
          <State state={row.state} /> by{' '}
          <a href={href(['agents', row.name])}>
            <Foreign text={row.name} max={64} />
          </a>
        </>
      }
      actions={
        isOperator ? (
          <button type="button" className="danger" onClick={() => setBreaking(true)}>
            <Icon name="cross" /> Break
          </button>
        ) : undefined
      }
    >
      <div className="split">
        <Panel title="Claim">
          <Facts
            facts={[
              [
                'Id',
                <span className="owner">
                  <Id id={id} /> <CopyButton text={id} what="the id" />
                </span>,
              ],
              ['Fencing number', numberOf(row)],
              ['Use', row.isShared ? 'shared' : 'exclusive'],
              ['Requested', <Ago ms={msOf(row.since)} />],
              isHeld
                ? ['Granted', <Clock ms={msOf(row.grantedAt)} />]
                : ['Waits for', row.ahead === 1 ? '1 claim' : `${row.ahead} claims`],
              [isHeld ? 'Lease ends' : 'Gives up', <Until ms={msOf(row.until)} />],
              row.note === '' ? undefined : ['Note', <Foreign text={row.note} max={2_000} />],
            ]}
          />
        </Panel>
        <Panel title="Resources">
          <ul className="lines">
            {row.resources.map(({ kind, key }) => (
              <li key={`${kind} ${key}`}>
                <code>
                  <Foreign text={key} max={512} />
                </code>
                <span className="spacer" />
                <span className="faint">{kind}</span>
              </li>
            ))}
          </ul>
        </Panel>
      </div>
      <Queue of={row} />
      {isBreaking && <BreakDialog claim={row} onClose={() => setBreaking(false)} />}
    </Page>
  );
}

/** The other claims on the same resources, as the hub finds them: held ones, then the waiting ones in their order. */
function Queue({ of: { id, resources, state, ahead } }: { readonly of: ClaimRow }) {
  const { data, refusal } = useRead(
    `queue ${id} ${state} ${ahead}`,
    db => db.procedures.claimsOn({ resources: [...resources], limit: MAX_QUEUE }),
    { onEvents: true, keep: `queue ${id}` },
  );
  const others = (data ?? []).filter(each => each.id !== id);
  return (
    <Panel title="Others on these resources">
      {refusal ? (
        <Refused refusal={refusal} />
      ) : data === undefined ? (
        <Loading />
      ) : others.length === 0 ? (
        <Empty title="No other claim holds them or waits for them." />
      ) : null}
      <ol className="lines">
        {others.map(row => (
          <li key={row.id}>
            <State state={row.state} />
            <a href={href(['claims', row.id])}>
              <Foreign text={namesOf(row)} max={120} />
            </a>
            <span className="faint">by</span>
            <a href={href(['agents', row.name])}>
              <Foreign text={row.name} max={64} />
            </a>
            <span className="spacer" />
            <span className="faint">
              {row.state === 'held' ? `number ${row.number}, ends ` : 'gives up '}
              <Until ms={msOf(row.until)} />
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function BreakDialog({ claim, onClose }: { readonly claim: ClaimRow; readonly onClose: () => void }) {
  const { run } = useActions();
  const [reason, setReason] = useState('');
  const [error, setError] = useState<string>();
  const submit = async () => {
    const refusal = await run(breakClaim(claim.id, namesOf(claim, 1), reason));
    if (refusal) setError(`${refusal.message} (${refusal.code})`);
    else onClose();
  };
  return (
    <Dialog title="Break this claim" onClose={onClose}>
      <form
        onSubmit={event => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="dialog-body">
          <p>
            <Foreign text={claim.name} max={64} /> loses it and is notified; the next claim in the queue is granted.
            Calls that name its number are refused from then on.
          </p>
          <Field label="Reason" error={error}>
            {(id, hint) => (
              <input
                id={id}
                aria-describedby={hint}
                value={reason}
                data-focus=""
                onChange={event => setReason(event.target.value)}
              />
            )}
          </Field>
        </div>
        <footer className="dialog-foot">
          <button type="button" onClick={onClose}>
            Keep
          </button>
          <button type="submit" className="primary danger">
            Break the claim
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function namesOf({ resources }: Pick<ClaimRow, 'resources'>, most = 4): string {
  const names = resources.slice(0, most).map(({ key }) => key);
  return resources.length > most ? `${names.join(', ')} and ${resources.length - most} more` : names.join(', ');
}

function numberOf({ number }: Pick<ClaimRow, 'number'>): string {
  return number === 0n ? '—' : String(number);
}
