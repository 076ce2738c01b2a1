// The whole life of one message: its deliveries with attempts, leases and reasons, its answers, and what it refers to.

import type { DbConnection } from '@agora/bindings';
import { useState } from 'react';
import { useActions } from '../actions/actions.tsx';
import { cancelMessage } from '../actions/calls.ts';
import { fieldsOf, readEnvelope, textIn, type Envelope } from '../base/envelope.ts';
import { msOf, PRIORITIES } from '../base/format.ts';
import { href } from '../base/router.ts';
import { useAgentsById, useMe, useOwnAgents, useRead } from '../hub/hooks.ts';
import { Refusal, toRefusal } from '../hub/refusal.ts';
import { Confirm } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { Empty, Facts, Loading, Page, Panel, Refused } from '../ui/layout.tsx';
import { State } from '../ui/state.tsx';
import { Ago, Clock, CopyButton, Foreign, Id, Json, Until } from '../ui/text.tsx';
import { Target } from './messages.tsx';

type Attempt = Awaited<ReturnType<DbConnection['procedures']['messageAttempts']>>[number];
type Delivery = Awaited<ReturnType<DbConnection['procedures']['messageStatus']>>[number];

interface Life {
  readonly envelope: Envelope;
  readonly kind: string;
  readonly sender: bigint;
  readonly broadcast: bigint;
  readonly deliveries: readonly Delivery[];
  /** The failed ones after which a delivery was queued again. */
  readonly attempts: readonly Attempt[];
}

const OPEN = new Set(['queued', 'offered', 'delayed']);

export function Message({ id }: { readonly id: string }) {
  const { isOperator } = useMe();
  const own = useOwnAgents();
  const { run } = useActions();
  const [isCancelling, setCancelling] = useState(false);
  const ownIds = own.map(agent => agent.id);
  const { data: life, refusal } = useRead(
    isOperator || ownIds.length > 0 ? `message ${id} ${isOperator ? '' : ownIds.join()}` : undefined,
    db => (isOperator ? readAsOperator(db, id) : readAsOwner(db, id, ownIds)),
  );
  if (!life) {
    return (
      <Page title="Message" about={<Id id={id} />}>
        {refusal ? (
          <Refused refusal={refusal} />
        ) : !isOperator && own.length === 0 ? (
          <Empty title="You have no agent, so no messages." />
        ) : (
          <Loading />
        )}
      </Page>
    );
  }
  const { envelope, deliveries } = life;
  const isOpen = deliveries.some(({ state }) => OPEN.has(state));
  const task = fieldsOf(fieldsOf(envelope.payload)['task'] ?? fieldsOf(envelope.payload)['approval']);
  const workflow = textIn(task, 'workflow_id');
  return (
    <Page
      title={envelope.type || 'Message'}
      about={
        <>
          from{' '}
          <a href={href(['agents', envelope.from])}>
            <Foreign text={envelope.from} max={64} />
          </a>{' '}
          to <Target to={envelope.to} />
        </>
      }
      actions={
        isOpen && (isOperator || ownIds.includes(life.sender)) ? (
          <button type="button" className="danger" onClick={() => setCancelling(true)}>
            <Icon name="cross" /> Cancel
          </button>
        ) : undefined
      }
    >
      <div className="split">
        <Panel
          title="Life"
          aside={
            <span className="faint">
              {deliveries.length} {deliveries.length === 1 ? 'delivery' : 'deliveries'}
            </span>
          }
        >
          <Timeline life={life} />
        </Panel>
        <div>
          <Panel title="About">
            <Facts
              facts={[
                [
                  'Id',
                  <span className="owner">
                    <Id id={id} /> <CopyButton text={id} what="the id" />
                  </span>,
                ],
                ['Kind', life.kind || (envelope.answerBy > 0 ? 'ask' : 'message')],
                ['Priority', PRIORITIES[envelope.priority] ?? '—'],
                ['Sent', <Clock ms={envelope.sentAt / 1_000} />],
                envelope.answerBy > 0
                  ? [
                      'Answer by',
                      isOpen ? <Until ms={envelope.answerBy / 1_000} /> : <Clock ms={envelope.answerBy / 1_000} />,
                    ]
                  : undefined,
                envelope.expiresAt > 0
                  ? [
                      'Expires',
                      isOpen ? <Until ms={envelope.expiresAt / 1_000} /> : <Clock ms={envelope.expiresAt / 1_000} />,
                    ]
                  : undefined,
                envelope.inReplyTo !== ''
                  ? [
                      'In reply to',
                      <a href={href(['messages', envelope.inReplyTo])}>
                        <Id id={envelope.inReplyTo} />
                      </a>,
                    ]
                  : undefined,
                envelope.continues !== ''
                  ? [
                      'Continues',
                      <a href={href(['messages', envelope.continues])}>
                        <Id id={envelope.continues} />
                      </a>,
                    ]
                  : undefined,
                envelope.initiator !== ''
                  ? [
                      'Initiator',
                      <a href={href(['agents', envelope.initiator])}>
                        <Foreign text={envelope.initiator} />
                      </a>,
                    ]
                  : undefined,
                workflow !== ''
                  ? [
                      'Workflow step',
                      <a href={href(['workflows', workflow])}>
                        <Foreign text={textIn(task, 'step') || 'workflow'} />
                      </a>,
                    ]
                  : undefined,
              ]}
            />
            <References title="On behalf of" of={envelope.onBehalfOf} />
            <References title="Forwards" of={envelope.forwarded} />
            {envelope.headers !== undefined && <Json json={JSON.stringify(envelope.headers)} label="Headers" />}
          </Panel>
        </div>
      </div>
      <Panel title="Payload">
        {envelope.payload === undefined ? (
          <Empty title={`${envelope.payloadBytes} bytes, which only its recipient reads.`} />
        ) : (
          <Json json={JSON.stringify(envelope.payload)} label="Payload" />
        )}
      </Panel>
      <Answers life={life} id={id} />
      {isCancelling && (
        <Confirm
          title="Cancel this message"
          verb="Cancel the message"
          isDangerous
          onClose={() => setCancelling(false)}
          onConfirm={() => void run(cancelMessage(life.sender, id, 'cancelled at the dashboard'))}
        >
          <p>All of its unfinished deliveries end, and their holders are notified.</p>
        </Confirm>
      )}
    </Page>
  );
}

function References({ title, of }: { readonly title: string; readonly of: Envelope['onBehalfOf'] }) {
  if (of.length === 0) return null;
  return (
    <p className="references">
      {title}:{' '}
      {of.map(({ id, from, type }) => (
        <a key={id} href={href(['messages', id])}>
          <Foreign text={`${type} of ${from}`} />
        </a>
      ))}
    </p>
  );
}

function Timeline({ life: { envelope, deliveries, attempts, broadcast } }: { readonly life: Life }) {
  const agents = useAgentsById(deliveries.map(({ agent }) => agent));
  const offered = deliveries.filter(({ state }) => state === 'offered');
  const leases = useRead(
    offered.length === 0 || offered.length > 16 ? undefined : `leases ${offered.map(({ agent }) => agent).join()}`,
    async db => {
      const pages = await Promise.all(
        offered.map(({ agent }) =>
          db.procedures.peekInbox({ agent, limit: 256 }).then(
            ({ rows }) => rows,
            () => [],
          ),
        ),
      );
      return new Map(
        pages
          .flat()
          .filter(({ state }) => state === 'offered')
          .map(row => [`${readEnvelope(row.envelope).id}`, msOf(row.at)]),
      );
    },
  );
  const lease = leases.data?.get(envelope.id);
  return (
    <ol className="timeline">
      <li>
        <State state="accepted" text="sent" />
        <div>
          <p>
            <a href={href(['agents', envelope.from])}>
              <Foreign text={envelope.from} max={64} />
            </a>{' '}
            sent it{broadcast > 0n ? ` as broadcast ${broadcast}` : ''}.
          </p>
          <p className="faint">
            <Clock ms={envelope.sentAt / 1_000} />
          </p>
        </div>
      </li>
      {deliveries.slice(0, 500).map((delivery, at) => {
        const name = agents.get(delivery.agent)?.name ?? delivery.name;
        return (
          <li key={`${at} ${delivery.agent}`}>
            <State state={delivery.state} />
            <div>
              <p>
                {name.startsWith('@') ? (
                  <Foreign text={name} />
                ) : (
                  <a href={href(['agents', name])}>
                    <Foreign text={name} max={64} />
                  </a>
                )}{' '}
                {delivery.attempt > 1 && <span className="retry-badge">attempt {delivery.attempt}</span>}
              </p>
              <Attempts of={attempts.filter(each => each.delivery === delivery.delivery)} holder={delivery.agent} />
              {delivery.reason !== '' && (
                <p className="reason">
                  <Foreign text={delivery.reason} max={2_000} />
                </p>
              )}
              <p className="faint">
                {delivery.state === 'offered' && lease !== undefined ? (
                  <>
                    lease ends <Until ms={lease} />
                  </>
                ) : (
                  <Clock ms={msOf(delivery.at)} />
                )}
              </p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}

/** The failed attempts of a delivery, in order; those of a work queue with the agents that had it. */
function Attempts({ of, holder }: { readonly of: readonly Attempt[]; readonly holder: bigint }) {
  if (of.length === 0) return null;
  return (
    <ol className="attempts" aria-label="Failed attempts">
      {of.map(({ attempt, agent, name, reason, at }) => (
        <li key={attempt}>
          Attempt {attempt}
          {agent !== holder && name !== '' && (
            <>
              {' by '}
              <a href={href(['agents', name])}>
                <Foreign text={name} max={64} />
              </a>
            </>
          )}
          : <Foreign text={reason || 'returned without a reason'} max={2_000} />{' '}
          <span className="faint">
            <Clock ms={msOf(at)} />
          </span>
        </li>
      ))}
    </ol>
  );
}

/** The answers and replies to the message, as its sender got them. */
function Answers({ life, id }: { readonly life: Life; readonly id: string }) {
  const { data } = useRead(`answers ${id}`, async db => {
    const [peek, received] = await Promise.all([
      db.procedures.peekInbox({ agent: life.sender, limit: 256 }).then(
        ({ rows }) => rows,
        () => [],
      ),
      db.procedures.receivedMessages({ agent: life.sender, before: 0n, limit: 256 }).catch(() => []),
    ]);
    const bySender = await Promise.all(
      life.deliveries
        .slice(0, 16)
        .map(({ agent }) => db.procedures.sentMessages({ agent, before: 0n, limit: 64 }).catch(() => [])),
    );
    const all = [...peek, ...received, ...bySender.flat()].map(row => readEnvelope(row.envelope));
    const about = all.filter(envelope => envelope.inReplyTo === id);
    return [...new Map(about.map(each => [each.id || `${each.type} ${each.sentAt}`, each])).values()];
  });
  if (life.envelope.answerBy === 0 && (data?.length ?? 0) === 0) return null;
  return (
    <Panel title="Answers">
      {data === undefined ? (
        <Loading />
      ) : data.length === 0 ? (
        <Empty title="No answer is kept.">
          {life.deliveries.some(({ state }) => OPEN.has(state))
            ? 'The recipient has not answered yet.'
            : 'The asker has taken it, or none was given.'}
        </Empty>
      ) : (
        data.map(answer => (
          <div key={answer.id || answer.type} className="answer">
            <p>
              <State state={textIn(fieldsOf(answer.payload), 'status') || answer.type} />{' '}
              <a href={href(['agents', answer.from])}>
                <Foreign text={answer.from} max={64} />
              </a>{' '}
              <span className="faint">
                <Ago ms={answer.sentAt / 1_000} />
              </span>
              {answer.id !== '' && (
                <a href={href(['messages', answer.id])}>
                  <Id id={answer.id} />
                </a>
              )}
            </p>
            <Json json={JSON.stringify(answer.payload ?? null)} label={`Answer of ${answer.from}`} />
          </div>
        ))
      )}
    </Panel>
  );
}

async function readAsOperator(db: DbConnection, message: string): Promise<Life> {
  const { envelope, ...rest } = await db.procedures.readMessage({ message });
  // The mailbox of its sender may not exist any more.
  const attempts = await db.procedures.messageAttempts({ agent: rest.sender, message }).catch(() => []);
  return { ...rest, attempts, envelope: readEnvelope(envelope) };
}

/** The sender reads all deliveries; a recipient reads the message. Tries the agents of the caller in turn. */
async function readAsOwner(db: DbConnection, message: string, own: readonly bigint[]): Promise<Life> {
  let refusal: Refusal = new Refusal('message/unknown', 'There is no such message of yours.');
  for (const agent of own) {
    try {
      const envelope = readEnvelope(await db.procedures.readReference({ agent, message, reference: message }));
      const deliveries = await db.procedures.messageStatus({ agent, message }).catch(() => []);
      const attempts = await db.procedures.messageAttempts({ agent, message }).catch(() => []);
      return {
        envelope,
        kind: '',
        sender: deliveries.length > 0 ? agent : BigInt(envelope.fromId),
        broadcast: 0n,
        deliveries,
        attempts,
      };
    } catch (error) {
      refusal = toRefusal(error);
    }
  }
  throw refusal;
}
