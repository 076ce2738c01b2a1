// Messages that one agent sent or received, page by page from the newest.

import { useState } from 'react';
import { readEnvelope } from '../base/envelope.ts';
import { oneLine } from '../base/format.ts';
import { href } from '../base/router.ts';
import { useHub, useRead } from '../hub/hooks.ts';
import { Empty, Loading, Panel, Refused } from '../ui/layout.tsx';
import { State } from '../ui/state.tsx';
import { Ago, Foreign } from '../ui/text.tsx';

interface HistoryProps {
  readonly agent: bigint;
  readonly direction: 'sent' | 'received';
  readonly title: string;
}

const PAGE = 25;

export function History({ agent, direction, title }: HistoryProps) {
  const hub = useHub();
  const read = (before: bigint) =>
    hub.call(({ procedures }) =>
      direction === 'sent'
        ? procedures.sentMessages({ agent, before, limit: PAGE })
        : procedures.receivedMessages({ agent, before, limit: PAGE }),
    );
  const { data: newest, refusal } = useRead(`${direction} ${agent}`, () => read(0n));
  const [older, setOlder] = useState<Awaited<ReturnType<typeof read>>>([]);
  const first = newest?.at(-1)?.no ?? 0n;
  // The newest page grows at its head; what was loaded before stays behind it.
  const rows = [...(newest ?? []), ...older.filter(({ no }) => no < first)];
  const last = rows.at(-1);
  const more = async () => {
    if (!last) return;
    const next = await read(last.no).catch(() => []);
    setOlder([...rows.slice(newest?.length ?? 0), ...next]);
  };
  return (
    <Panel title={title}>
      {refusal ? (
        <Refused refusal={refusal} />
      ) : newest === undefined ? (
        <Loading />
      ) : rows.length === 0 ? (
        <Empty title="Nothing yet." />
      ) : null}
      <ul className="lines mail">
        {rows.map(row => {
          const envelope = readEnvelope(row.envelope);
          const other = direction === 'sent' ? envelope.to : envelope.from;
          return (
            <li key={String(row.no)}>
              {row.state !== '' && <State state={row.state} />}
              <a href={href(['messages', envelope.id])}>
                <Foreign text={envelope.type} max={64} />
              </a>
              <span className="faint">{direction === 'sent' ? 'to' : 'from'}</span>
              <Foreign text={other} max={64} />
              <span className="excerpt">{oneLine(envelope.payload ?? '', 70)}</span>
              <span className="spacer" />
              <span className="faint">
                <Ago ms={envelope.sentAt / 1_000} />
              </span>
            </li>
          );
        })}
      </ul>
      {rows.length >= PAGE && last !== undefined && last.no > 1n && (
        <button type="button" className="small more" onClick={() => void more()}>
          Older
        </button>
      )}
    </Panel>
  );
}
