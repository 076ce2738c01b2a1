// The newest messages: of the whole hub for operators, searched and paged by the hub; of one agent; or of one's own agents.

import { useMemo, useState } from 'react';
import { Compose } from '../actions/compose.tsx';
import { readEnvelope, type Envelope } from '../base/envelope.ts';
import { count, oneLine, PRIORITIES } from '../base/format.ts';
import { href, navigate, useFilter } from '../base/router.ts';
import { useMe, useOwnAgents, useRead, useRows } from '../hub/hooks.ts';
import type { AgentRow } from '../hub/live-tables.ts';
import { usePaged } from '../hub/paged.ts';
import { Choice, SearchField } from '../ui/filters.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page } from '../ui/layout.tsx';
import { Listing } from '../ui/listing.tsx';
import { State } from '../ui/state.tsx';
import type { Column } from '../ui/table.tsx';
import { Ago, Foreign, Id } from '../ui/text.tsx';

/** An ordinary caller sees the messages of at most this many agents, merged. */
const MAX_AGENTS = 24;
const PER_AGENT = 25;
const OF_ONE = 256;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

interface Line extends Envelope {
  readonly state: string;
  readonly deliveries: number;
}

const NO_LINES: readonly Line[] = [];

export function Messages() {
  const { isOperator } = useMe();
  const [text, setText] = useFilter('q');
  const [name, setName] = useFilter('agent');
  const [kind, setKind] = useFilter('kind');
  const [isComposing, setComposing] = useState(false);
  const isWhole = isOperator && name === '';
  const whole = usePaged(isWhole ? `hub messages ${kind} ${text}` : undefined, async (db, before, limit) => {
    const { rows, next } = await db.procedures.listMessages({ before, limit, text, kind });
    return { rows: rows.map(row => ({ ...row, ...readEnvelope(row.envelope) })), next };
  });
  const ofAgents = useMessagesOf(isWhole ? undefined : name, text, kind);
  const { data, refusal, isLoading } = isWhole ? whole : ofAgents;
  const shown = data ?? NO_LINES;
  const columns: Column<Line>[] = [
    { name: 'Type', width: 'minmax(8rem, 1.2fr)', cell: line => <Foreign text={line.type} max={64} /> },
    {
      name: 'From',
      width: 'minmax(6rem, 1fr)',
      cell: line => (
        <a href={href(['agents', line.from])}>
          <Foreign text={line.from} max={64} />
        </a>
      ),
    },
    { name: 'To', width: 'minmax(6rem, 1fr)', cell: line => <Target to={line.to} /> },
    {
      name: 'Payload',
      width: 'minmax(8rem, 2.4fr)',
      cell: line => (
        <span className="excerpt">
          {line.payloadBytes > 0 ? `${line.payloadBytes} bytes` : oneLine(line.payload ?? '', 120)}
        </span>
      ),
      isMinor: true,
    },
    {
      name: 'Kind',
      width: '6rem',
      cell: line => (
        <span className="faint">
          {line.answerBy > 0 ? 'ask' : line.inReplyTo === '' ? 'message' : 'reply'}
          {line.priority > 2 ? `, ${PRIORITIES[line.priority] ?? ''}` : ''}
        </span>
      ),
      isMinor: true,
    },
    {
      name: 'State',
      width: '8rem',
      cell: ({ state, deliveries }) => (
        <>
          {state !== '' && <State state={state} />}
          {deliveries > 1 && <span className="faint"> of {deliveries}</span>}
        </>
      ),
      isMinor: true,
    },
    { name: 'Id', width: '8.5rem', cell: line => <Id id={line.id} />, isMinor: true },
    { name: 'Sent', width: '6.5rem', cell: line => <Ago ms={line.sentAt / 1_000} /> },
  ];
  return (
    <Page
      title="Messages"
      about={
        name === ''
          ? isOperator
            ? data
              ? `${count(shown.length)} shown${whole.more ? ', the newest' : ''}`
              : 'Loading'
            : 'The newest of your agents.'
          : `Sent and received by ${name}`
      }
      actions={
        <button type="button" className="primary" onClick={() => setComposing(true)}>
          <Icon name="send" /> Send or ask
        </button>
      }
    >
      <div className="filters">
        <SearchField
          label="Search messages"
          value={text}
          onChange={value => (UUID.test(value.trim()) ? navigate(href(['messages', value.trim()])) : setText(value))}
          placeholder="Type, agent, payload, or a whole id"
        />
        <SearchField label="Agent" value={name} onChange={setName} placeholder="Name of an agent" />
        <Choice
          label="Kind"
          value={kind}
          onChange={setKind}
          options={[
            ['', 'all kinds'],
            ['ask', 'asks'],
            ['message', 'messages'],
          ]}
        />
      </div>
      <Listing
        refusal={refusal}
        isLoading={isLoading}
        empty={text + name + kind === '' ? 'No message has been sent.' : 'No message matches.'}
        command="agora ask Echo 'Hello?'"
        onMore={isWhole ? whole.more : undefined}
        label="Messages"
        rows={shown}
        columns={columns}
        keyOf={({ id }) => id}
        hrefOf={({ id }) => href(['messages', id])}
      />
      {isComposing && <Compose onClose={() => setComposing(false)} />}
    </Page>
  );
}

function searchable({ id, from, to, type, payload }: Line): string {
  return `${id} ${from} ${to} ${type} ${JSON.stringify(payload) ?? ''}`.toLowerCase();
}

/** The messages of one agent, or with an empty name of the caller's agents, merged; undefined reads none. */
function useMessagesOf(name: string | undefined, text: string, kind: string) {
  const sources = useSources(name).map(({ id }) => id);
  const limit = name === '' ? PER_AGENT : OF_ONE;
  const read = useRead(sources.length === 0 ? undefined : `messages ${sources.join()} ${name}`, async db => {
    const pages = await Promise.all(
      sources.map(async agent => {
        const sent = await db.procedures.sentMessages({ agent, before: 0n, limit });
        const received = await db.procedures.receivedMessages({ agent, before: 0n, limit });
        const { rows: held } = await db.procedures.peekInbox({ agent, limit });
        return [...sent, ...received, ...held];
      }),
    );
    const lines = pages
      .flat()
      .map(({ envelope, state }): Line => ({ ...readEnvelope(envelope), state, deliveries: 1 }))
      .filter(({ id }) => id !== '');
    // A message that one of the agents received has a state; the same message as sent has none.
    const byId = new Map<string, Line>();
    for (const line of lines) if (line.state !== '' || !byId.has(line.id)) byId.set(line.id, line);
    return [...byId.values()].sort((a, b) => b.sentAt - a.sentAt);
  });
  const data = useMemo(() => {
    const wanted = text.toLowerCase();
    return read.data?.filter(
      line =>
        (kind === '' || (kind === 'ask') === line.answerBy > 0) && (wanted === '' || searchable(line).includes(wanted)),
    );
  }, [read.data, text, kind]);
  return { ...read, data };
}

/** The agent of a name, or those of the caller. */
function useSources(name: string | undefined): readonly AgentRow[] {
  const isName = /^[\w.-]{1,64}$/.test(name ?? '');
  const agents = useRows(
    'agent',
    (name ?? '') === '' ? undefined : `SELECT * FROM agent WHERE name = '${isName ? name : ''}'`,
  );
  const own = useOwnAgents();
  return useMemo(() => {
    if (name === undefined) return [];
    return name === '' ? own.slice(0, MAX_AGENTS) : agents.filter(agent => agent.name === name);
  }, [agents, own, name]);
}

/** Targets as the sender wrote them, with links. */
export function Target({ to }: { readonly to: string }) {
  return (
    <>
      {to
        .split(' ')
        .slice(0, 8)
        .map((target, at) => (
          <span key={`${at} ${target}`}>
            {at > 0 && ' '}
            {/^[\w]/.test(target) ? (
              <a href={href(['agents', target])}>
                <Foreign text={target} max={64} />
              </a>
            ) : target.startsWith('#') ? (
              <a href={href(['groups', target])}>
                <Foreign text={target} max={64} />
              </a>
            ) : target.startsWith('@') ? (
              <a href={href(['agents'], { q: target })}>
                <Foreign text={target} max={64} />
              </a>
            ) : (
              <Foreign text={target} max={64} />
            )}
          </span>
        ))}
    </>
  );
}
