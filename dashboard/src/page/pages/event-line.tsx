// One event in one line, with links to what it is about.

import { fieldsOf, textIn } from '../base/envelope.ts';
import { parse, visible } from '../base/format.ts';
import { href } from '../base/router.ts';
import { Ago, Foreign } from '../ui/text.tsx';

interface EventLike {
  readonly seq: bigint;
  readonly type: string;
  readonly source: string;
  readonly data: string;
  readonly at: { readonly microsSinceUnixEpoch: bigint } | bigint;
}

export function timeOf({ at }: Pick<EventLike, 'at'>): number {
  return Number(typeof at === 'bigint' ? at : at.microsSinceUnixEpoch) / 1_000;
}

const BAD = /failed|dead|alert|cancelled|unregistered/;
const GOOD = /completion|completed|registration|started|resumed/;

/** The tone of a type: the word itself carries the meaning. */
export function toneOfType(type: string): string {
  if (BAD.test(type)) return 'bad';
  return GOOD.test(type) ? 'good' : '';
}

export function EventLine({ event }: { readonly event: EventLike }) {
  return (
    <div className="event-line">
      <span className={`event-type ${toneOfType(event.type)}`}>
        <Foreign text={event.type} max={64} />
      </span>
      <span className="event-about">
        <EventLinks event={event} />
      </span>
      <span className="faint event-age">
        <Ago ms={timeOf(event)} />
      </span>
    </div>
  );
}

const NAMES: Readonly<Record<string, string>> = { step: 'step', action: '', alert: '', capability: '@' };

/** Links and words of an event: the agent, the workflow with its step, the message. */
export function EventLinks({ event }: { readonly event: Pick<EventLike, 'source' | 'data'> }) {
  const data = fieldsOf(parse(event.data));
  const workflow = textIn(data, 'workflow_id');
  const message = textIn(data, 'message_id');
  const agent = textIn(data, 'agent_name') || textIn(data, 'agent') || textIn(data, 'initiator');
  const words = Object.entries(NAMES).flatMap(([key, name]) => {
    const value = textIn(data, key);
    return value === '' ? [] : [`${name === '' || name === '@' ? name : `${name} `}${value}`];
  });
  return (
    <>
      {event.source !== 'system' && (
        <a href={href(['agents', event.source])}>
          <Foreign text={event.source} max={64} />
        </a>
      )}
      {agent !== '' && (
        <a href={href(['agents', agent])}>
          <Foreign text={agent} max={64} />
        </a>
      )}
      {workflow !== '' && (
        <a href={href(['workflows', workflow])}>
          <Foreign text={textIn(data, 'workflow_type') || 'workflow'} max={64} />
        </a>
      )}
      {message !== '' && <a href={href(['messages', message])}>message</a>}
      {words.length > 0 && <span>{visible(words.join(' · ')).slice(0, 120)}</span>}
    </>
  );
}
