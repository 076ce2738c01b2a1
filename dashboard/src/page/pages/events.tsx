// Events: live, or from a point of the log on, filtered by type and source.

import { useId, useMemo, useState } from 'react';
import { count, pretty, visible } from '../base/format.ts';
import { useFilter } from '../base/router.ts';
import { useHub, useLiveEvents, useRead } from '../hub/hooks.ts';
import { newestEvents } from '../actions/calls.ts';
import { toRefusal } from '../hub/refusal.ts';
import { SearchField } from '../ui/filters.tsx';
import { Icon } from '../ui/icons.tsx';
import { Empty, Loading, Page, Panel } from '../ui/layout.tsx';
import { EventLine, timeOf } from './event-line.tsx';

interface Shown {
  readonly seq: bigint;
  readonly type: string;
  readonly source: string;
  readonly data: string;
  readonly at: { readonly microsSinceUnixEpoch: bigint } | bigint;
}

const PAGE = 256;
const MAX_SHOWN = 400;

export function Events() {
  const hub = useHub();
  const live = useLiveEvents();
  const [type, setType] = useFilter('type');
  const [source, setSource] = useFilter('source');
  const [from, setFrom] = useFilter('from');
  const [frozen, setFrozen] = useState<readonly Shown[]>();
  const [more, setMore] = useState<readonly Shown[]>([]);
  const [notice, setNotice] = useState('');
  const start = /^\d{1,18}$/.test(from) ? BigInt(from) : undefined;
  // The log of before the page was opened; it is read once, and what follows arrives live.
  const { data: earlier } = useOnce(start);
  const all = useMemo(
    () => merge([...(earlier ?? []), ...more, ...(start === undefined ? live : [])]),
    [earlier, more, live, start],
  );
  const events = frozen ?? all;
  const shown = useMemo(
    () =>
      events
        .filter(
          event =>
            matches(type, event.type) && (source === '' || event.source.toLowerCase().includes(source.toLowerCase())),
        )
        .slice(-MAX_SHOWN),
    [events, type, source],
  );
  const read = async (after: bigint) => {
    setNotice('');
    try {
      const { rows, state } = await hub.call(db => db.procedures.readEvents({ after, limit: PAGE }));
      if (state === 'expired') setNotice('Events before these are no longer kept.');
      if (rows.length === 0) setNotice('There are no further events.');
      setMore(old => [...old, ...rows]);
    } catch (error) {
      setNotice(toRefusal(error).message);
    }
  };
  const first = all[0]?.seq ?? 0n;
  const last = all.at(-1)?.seq ?? 0n;
  return (
    <Page
      title="Events"
      about={start === undefined ? (frozen ? 'Paused' : 'Live') : `Replay from number ${start}`}
      actions={
        <button type="button" onClick={() => setFrozen(frozen ? undefined : all)} aria-pressed={frozen !== undefined}>
          <Icon name={frozen ? 'play' : 'pause'} />{' '}
          {frozen ? `Continue (${count(Math.max(0, all.length - frozen.length))} new)` : 'Pause'}
        </button>
      }
    >
      <div className="filters">
        <SearchField
          label="Type of events"
          value={type}
          onChange={setType}
          placeholder="Type, such as workflow_* or build.*"
        />
        <SearchField label="Source of events" value={source} onChange={setSource} placeholder="Source" />
        <SearchField
          label="Replay from number"
          value={from}
          onChange={value => {
            setMore([]);
            setFrom(value);
          }}
          placeholder="Replay from number"
        />
      </div>
      <Panel className="flush">
        {earlier === undefined && events.length === 0 ? (
          <Loading rows={8} />
        ) : shown.length === 0 ? (
          <Empty
            title={events.length === 0 ? 'Nothing has happened yet.' : 'No event matches.'}
            command={`agora event publish build.finished '{"ok":true}' --as Builder`}
          />
        ) : (
          <ol className="events" aria-label="Events, newest first">
            {[...shown].reverse().map(event => (
              <EventItem key={String(event.seq)} event={event} />
            ))}
          </ol>
        )}
        <div className="pager">
          {start !== undefined ? (
            <button type="button" className="small" onClick={() => void read(last)}>
              Next {PAGE}
            </button>
          ) : (
            first > 1n && (
              <button
                type="button"
                className="small"
                onClick={() => void read(first > BigInt(PAGE) ? first - BigInt(PAGE) - 1n : 0n)}
              >
                Earlier
              </button>
            )
          )}
          <span className="faint" role="status">
            {notice}
          </span>
        </div>
      </Panel>
    </Page>
  );
}

/** An event with its data on request. */
function EventItem({ event }: { readonly event: Shown }) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  return (
    <li>
      <div className="event-row">
        <button
          type="button"
          className="link seq"
          aria-expanded={isOpen}
          aria-controls={id}
          aria-label={`Data of event ${event.seq}`}
          onClick={() => setOpen(!isOpen)}
        >
          <span className="sign" aria-hidden="true">
            {isOpen ? '▾' : '▸'}
          </span>
          {String(event.seq)}
        </button>
        <EventLine event={event} />
      </div>
      <div id={id} className="event-data" hidden={!isOpen}>
        {isOpen && (
          <>
            <pre tabIndex={0} aria-label="Data of the event">
              {visible(pretty(event.data)).slice(0, 20_000)}
            </pre>
            <p className="faint">{new Date(timeOf(event)).toISOString()}</p>
          </>
        )}
      </div>
    </li>
  );
}

/** The first page; its key does not change, so it is replaced only by a longer one. */
function useOnce(start: bigint | undefined) {
  return useRead<readonly Shown[]>(start === undefined ? 'events newest' : `events ${start}`, async db =>
    start === undefined
      ? newestEvents(db, PAGE)
      : (await db.procedures.readEvents({ after: start > 0n ? start - 1n : 0n, limit: PAGE })).rows,
  );
}

function merge(events: readonly Shown[]): readonly Shown[] {
  return [...new Map(events.map(event => [event.seq, event])).values()].sort((a, b) => Number(a.seq - b.seq));
}

/** A part of the type, or a beginning with `*`. */
function matches(filter: string, type: string): boolean {
  if (filter === '') return true;
  return filter.endsWith('*') ? type.startsWith(filter.slice(0, -1)) : type.includes(filter);
}
