// The hub at a glance: agents, rates, queues, dead letters, and what happens now.

import type { DbConnection } from '@agora/bindings';
import { useEffect, useState } from 'react';
import { bytes, count, msOf } from '../base/format.ts';
import { href } from '../base/router.ts';
import { useMe, useOwnAgents, useRead, useRows } from '../hub/hooks.ts';
import type { CountersRow } from '../hub/live-tables.ts';
import { newestEvents } from '../actions/calls.ts';
import { Empty, Figure, Loading, Page, Panel } from '../ui/layout.tsx';
import { Spark } from '../ui/spark.tsx';
import { State } from '../ui/state.tsx';
import { Ago, Foreign } from '../ui/text.tsx';
import { EventLine } from './event-line.tsx';

export function Overview() {
  const { isOperator } = useMe();
  return (
    <Page title="Overview" about={isOperator ? 'The whole hub, live.' : 'Your agents, live.'}>
      {isOperator ? <WholeHub /> : <Own />}
    </Page>
  );
}

function WholeHub() {
  const { data } = useRead('queues', readQueues);
  return (
    <>
      <HubFigures oldest={data?.oldest} />
      <div className="split">
        <Queues rows={data?.rows} />
        <LiveFeed />
      </div>
    </>
  );
}

function Own() {
  return (
    <>
      <OwnFigures />
      <div className="split">
        <OwnAgents />
        <LiveFeed />
      </div>
    </>
  );
}

const STATUS_QUERY = 'SELECT * FROM hub_status';
const MAX_SAMPLES = 90;

interface Sample {
  readonly at: number;
  readonly messages: number;
  readonly events: number;
}

function HubFigures({ oldest }: { readonly oldest: Oldest | undefined }) {
  const [row] = useRows('hubStatus', STATUS_QUERY);
  const { messages, events } = useRates(row);
  if (!row) return <Loading rows={2} />;
  const now = (values: readonly number[]) => (values.at(-1) ?? 0).toFixed(values.at(-1)! >= 10 ? 0 : 1);
  return (
    <>
      <div className="figures">
        <Figure
          name="Agents"
          value={count(row.agents)}
          hint={`${count(row.online)} connected`}
          link={href(['agents'])}
        />
        <Figure name="In progress" value={count(row.offered)} hint="offered" link={href(['messages'])} />
        <Figure
          name="Waiting"
          value={count(row.waiting)}
          hint={
            oldest && row.waiting > 0n ? (
              <>
                oldest <Ago ms={oldest.at} />
              </>
            ) : (
              'queued or delayed'
            )
          }
          tone={row.waiting > 1_000n ? 'warn' : undefined}
          {...(oldest && !oldest.of.startsWith('@') && { link: href(['agents', oldest.of]) })}
        />
        <Figure
          name="Dead letters"
          value={count(row.dead)}
          hint={row.dead === 0n ? 'none' : 'to redrive or purge'}
          tone={row.dead > 0n ? 'bad' : undefined}
          link={href(['dead-letters'])}
        />
        <Figure name="Workflows" value={count(row.workflows)} hint="kept" link={href(['workflows'])} />
        <Figure name="Stored" value={bytes(row.storedBytes)} hint={`${count(row.messages)} messages`} />
      </div>
      <div className="rates">
        <Panel title="Messages per second" aside={<strong className="rate">{now(messages)}</strong>}>
          <Spark values={messages} label={`Messages per second, now ${now(messages)}`} />
        </Panel>
        <Panel title="Events per second" aside={<strong className="rate">{now(events)}</strong>}>
          <Spark values={events} label={`Events per second, now ${now(events)}`} />
        </Panel>
      </div>
    </>
  );
}

/** Rates between the refreshes of the counters, of the last minutes. */
function useRates(row: CountersRow | undefined) {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const at = row ? msOf(row.at) : 0;
  useEffect(() => {
    if (!row) return;
    const next = { at, messages: Number(row.messages), events: Number(row.events) };
    setSamples(old => (old.at(-1)?.at === at ? old : [...old, next].slice(-MAX_SAMPLES)));
  }, [at, row]);
  const rates = (of: (sample: Sample) => number) =>
    samples.slice(1).map((sample, index) => {
      const before = samples[index] ?? sample;
      return Math.max(0, ((of(sample) - of(before)) / Math.max(1, sample.at - before.at)) * 1_000);
    });
  return { messages: rates(sample => sample.messages), events: rates(sample => sample.events) };
}

const SHOWN_QUEUES = 6;
/** Calls of one read: each looks at a few thousand mailboxes. */
const MAX_CALLS = 8;

type QueueRow = Awaited<ReturnType<DbConnection['procedures']['longestQueues']>>['rows'][number];

/** The delivery that has waited longest on the hub, and whose inbox it is in. */
interface Oldest {
  readonly at: number;
  readonly of: string;
}

/** Reads the longest queues of the hub, and its oldest waiting delivery. */
async function readQueues(db: DbConnection) {
  const all: QueueRow[] = [];
  let oldest: Oldest | undefined;
  for (let after = 0n, calls = 0; calls < MAX_CALLS; calls++) {
    const { rows, oldestAt, oldestOf, next } = await db.procedures.longestQueues({ after, limit: SHOWN_QUEUES });
    all.push(...rows);
    const at = msOf(oldestAt);
    if (at > 0 && (!oldest || at < oldest.at)) oldest = { at, of: oldestOf };
    if (next === 0n) break;
    after = next;
  }
  all.sort((a, b) => b.waiting - a.waiting || b.held - a.held);
  return { rows: all.slice(0, SHOWN_QUEUES), oldest };
}

/** The longest queues, each with its oldest waiting delivery. */
function Queues({ rows }: { readonly rows: readonly QueueRow[] | undefined }) {
  return (
    <Panel title="Longest queues" aside={<a href={href(['agents'])}>All agents</a>}>
      {rows === undefined ? (
        <Loading />
      ) : rows.length === 0 ? (
        <Empty title="No agent has work waiting.">Messages appear here while they wait for their recipients.</Empty>
      ) : (
        <ul className="lines">
          {rows.map(({ agent, name, online, waiting, held, oldestAt }) => (
            <li key={String(agent)}>
              {name.startsWith('@') ? (
                <Foreign text={name} />
              ) : (
                <a href={href(['agents', name])}>
                  <Foreign text={name} />
                </a>
              )}
              {!name.startsWith('@') && <State state={online ? 'online' : 'offline'} />}
              <span className="spacer" />
              <span className="faint">
                {oldestAt > 0n && (
                  <>
                    oldest <Ago ms={msOf(oldestAt)} />,{' '}
                  </>
                )}
                {count(held)} held
              </span>
              <strong className="tally">{count(waiting)}</strong>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function OwnFigures() {
  const own = useOwnAgents();
  const inbox = useRows('myInbox', 'SELECT * FROM my_inbox');
  const duties = inbox.filter(({ attempt }) => attempt > 0).length;
  return (
    <div className="figures">
      <Figure
        name="Your agents"
        value={count(own.length)}
        hint={`${count(own.filter(({ presence }) => presence === 'online').length)} online`}
        link={href(['agents'], { owner: 'me' })}
      />
      <Figure name="In progress" value={count(duties)} hint="offered to your agents" />
      <Figure name="Notices" value={count(inbox.length - duties)} hint="answers and ends" />
    </div>
  );
}

function OwnAgents() {
  const own = useOwnAgents();
  return (
    <Panel title="Your agents">
      {own.length === 0 ? (
        <Empty title="You have no agent yet." command="agora listen --as Echo -- cat" />
      ) : (
        <ul className="lines">
          {own.map(({ id, name, presence, agentType }) => (
            <li key={String(id)}>
              <a href={href(['agents', name])}>
                <Foreign text={name} />
              </a>
              <State state={presence} />
              <span className="spacer" />
              <span className="faint">{agentType}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

const FEED = 14;

function LiveFeed() {
  const { data } = useRead('feed', db => newestEvents(db, FEED), { onEvents: true });
  return (
    <Panel title="Now" aside={<a href={href(['events'])}>All events</a>}>
      {data === undefined ? (
        <Loading />
      ) : data.length === 0 ? (
        <Empty title="Nothing has happened yet." command="npm run demo" />
      ) : (
        <ul className="feed">
          {[...data].reverse().map(event => (
            <li key={String(event.seq)}>
              <EventLine event={event} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
