// The newest messages: of one agent, or merged over the agents that the caller may read.

import type { DbConnection } from '@agora/bindings';
import { useMemo, useState } from 'react';
import { Compose } from '../actions/compose.tsx';
import { readEnvelope, type Envelope } from '../base/envelope.ts';
import { count, oneLine, PRIORITIES } from '../base/format.ts';
import { href, navigate, useFilter } from '../base/router.ts';
import { useMe, useOwnAgents, useRead, useRows } from '../hub/hooks.ts';
import type { AgentRow } from '../hub/live-tables.ts';
import { Choice, SearchField } from '../ui/filters.tsx';
import { Icon } from '../ui/icons.tsx';
import { Empty, Loading, Page, Panel, Refused } from '../ui/layout.tsx';
import { type Column, Table } from '../ui/table.tsx';
import { Ago, Foreign, Id } from '../ui/text.tsx';

/** Without a chosen agent, the messages of this many agents are merged. */
const MAX_AGENTS = 24;
const PER_AGENT = 25;
const OF_ONE = 256;
/** Pages of mailboxes in which an operator's page looks for the busiest agents, and how often. */
const MAX_PAGES = 4;
const BUSIEST_MS = 5_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

type Line = Envelope;

export function Messages() {
  const { isOperator } = useMe();
  const [text, setText] = useFilter('q');
  const [name, setName] = useFilter('agent');
  const [kind, setKind] = useFilter('kind');
  const [isComposing, setComposing] = useState(false);
  const local = useSources(isOperator, name);
  const isWhole = isOperator && name === '';
  const ids = local.map(({ id }) => id);
  const { data, refusal, isLoading } = useRead(
    !isWhole && ids.length === 0 ? undefined : `messages ${ids.join()} ${name}`,
    async db => {
      const limit = name === '' ? PER_AGENT : OF_ONE;
      const sources = isWhole ? await busiestAgents(db) : ids;
      const pages = await Promise.all(
        sources.map(async agent => {
          const sent = await db.procedures.sentMessages({ agent, before: 0n, limit });
          // On the whole hub every message is already in the list of its sender.
          if (isWhole) return sent;
          const received = await db.procedures.receivedMessages({ agent, before: 0n, limit });
          const { rows: held } = await db.procedures.peekInbox({ agent, limit });
          return [...sent, ...received, ...held];
        }),
      );
      const lines = pages.flat().map(({ envelope }) => readEnvelope(envelope));
      const byId = new Map(lines.filter(({ id }) => id !== '').map(line => [line.id, line]));
      return { lines: [...byId.values()].sort((a, b) => b.sentAt - a.sentAt), agents: sources.length };
    },
  );
  const shown = useMemo(() => {
    const wanted = text.toLowerCase();
    return (data?.lines ?? []).filter(
      line =>
        (kind === '' || (kind === 'ask') === line.answerBy > 0) && (wanted === '' || searchable(line).includes(wanted)),
    );
  }, [data, text, kind]);
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
    { name: 'Id', width: '8.5rem', cell: line => <Id id={line.id} />, isMinor: true },
    { name: 'Sent', width: '6.5rem', cell: line => <Ago ms={line.sentAt / 1_000} /> },
  ];
  return (
    <Page
      title="Messages"
      about={
        name === ''
          ? isOperator
            ? `The newest of the ${count(data?.agents ?? 0)} busiest agents; choose an agent for all of its messages.`
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
      <Panel className="flush">
        {refusal ? (
          <Refused refusal={refusal} />
        ) : isLoading ? (
          <Loading rows={8} />
        ) : shown.length === 0 ? (
          <Empty
            title={text === '' && name === '' ? 'No message has been sent.' : 'No message matches.'}
            command="agora ask Echo 'Hello?'"
          />
        ) : (
          <Table
            label="Messages"
            rows={shown}
            columns={columns}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => href(['messages', id])}
          />
        )}
      </Panel>
      {isComposing && <Compose onClose={() => setComposing(false)} />}
    </Page>
  );
}

function searchable({ id, from, to, type, payload }: Line): string {
  return `${id} ${from} ${to} ${type} ${JSON.stringify(payload) ?? ''}`.toLowerCase();
}

/** The chosen agent, or those of an ordinary caller. */
function useSources(isOperator: boolean, name: string): readonly AgentRow[] {
  const isName = /^[\w.-]{1,64}$/.test(name);
  const agents = useRows('agent', name === '' ? undefined : `SELECT * FROM agent WHERE name = '${isName ? name : ''}'`);
  const own = useOwnAgents();
  return useMemo(() => {
    if (name !== '') return agents.filter(agent => agent.name === name);
    return isOperator ? [] : own.slice(0, MAX_AGENTS);
  }, [agents, own, isOperator, name]);
}

let busiest: { readonly db: DbConnection; readonly at: number; readonly ids: readonly bigint[] } | undefined;

/** The agents with the most unfinished messages of theirs, then those that are online; looked for every few seconds. */
async function busiestAgents(db: DbConnection): Promise<readonly bigint[]> {
  if (busiest?.db === db && Date.now() - busiest.at < BUSIEST_MS) return busiest.ids;
  const rows = [];
  for (let after = 0n, page = 0; page < MAX_PAGES; page++) {
    const { rows: more, next } = await db.procedures.listMailboxes({ after, limit: OF_ONE });
    rows.push(...more.filter(box => !box.name.startsWith('@')));
    if (next === 0n || next === after) break;
    after = next;
  }
  const ids = rows
    .sort((a, b) => b.unfinished - a.unfinished || Number(b.online) - Number(a.online) || Number(b.agent - a.agent))
    .slice(0, MAX_AGENTS)
    .map(({ agent }) => agent);
  busiest = { db, at: Date.now(), ids };
  return ids;
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
