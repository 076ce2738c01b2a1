// One agent: its presence and limits, what is in its inbox, and its history.

import { useState } from 'react';
import { changeGroup, setQuota, unregister, acknowledge, type Limits } from '../actions/calls.ts';
import { Compose } from '../actions/compose.tsx';
import { PERSON } from '../actions/person.ts';
import { useActions } from '../actions/actions.tsx';
import { readEnvelope } from '../base/envelope.ts';
import { count, msOf, oneLine, PRIORITIES } from '../base/format.ts';
import { href } from '../base/router.ts';
import { useAgent, useMe, useRead } from '../hub/hooks.ts';
import type { AgentRow } from '../hub/live-tables.ts';
import { Confirm, Dialog, Field } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { Empty, Facts, Loading, Page, Panel, Refused } from '../ui/layout.tsx';
import { State } from '../ui/state.tsx';
import { Ago, CopyButton, Foreign, Json, Until } from '../ui/text.tsx';
import { History } from './history.tsx';

export function Agent({ name }: { readonly name: string }) {
  const { agent, isReady } = useAgent(name);
  if (agent) return <Known key={String(agent.id)} agent={agent} />;
  return (
    <Page title={name}>
      {isReady ? (
        <Empty
          title="There is no agent of this name."
          command={`agora listen --as ${/^[\w.-]{1,64}$/.test(name) ? name : 'Echo'} -- cat`}
        />
      ) : (
        <Loading />
      )}
    </Page>
  );
}

type OpenDialog = 'send' | 'ask' | 'limits' | 'unregister' | undefined;

function Known({ agent }: { readonly agent: AgentRow }) {
  const { identity, isOperator } = useMe();
  const isOwn = agent.owner.toHexString() === identity.toHexString();
  const mayRead = isOwn || isOperator;
  const { run } = useActions();
  const [dialog, setDialog] = useState<OpenDialog>();
  const close = () => setDialog(undefined);
  return (
    <Page
      title={agent.name}
      about={
        <>
          <State state={agent.presence} /> <State state={agent.status} /> <Foreign text={agent.agentType} max={64} />
        </>
      }
      actions={
        <>
          <button type="button" className="primary" onClick={() => setDialog('send')}>
            <Icon name="send" /> Send
          </button>
          <button type="button" onClick={() => setDialog('ask')}>
            Ask
          </button>
          {isOperator && (
            <button type="button" onClick={() => setDialog('limits')}>
              Limits
            </button>
          )}
          {mayRead && (
            <button type="button" className="danger" onClick={() => setDialog('unregister')}>
              Unregister
            </button>
          )}
        </>
      }
    >
      <div className="split">
        <Panel title="About">
          <Facts
            facts={[
              ['Number', String(agent.id)],
              [
                'Capabilities',
                agent.capabilities.length === 0 ? (
                  '—'
                ) : (
                  <Foreign text={agent.capabilities.map(each => `@${each}`).join(' ')} />
                ),
              ],
              ['Registered', <Ago ms={Number(agent.registeredAt.microsSinceUnixEpoch) / 1_000} />],
              ['Changed', <Ago ms={Number(agent.updatedAt.microsSinceUnixEpoch) / 1_000} />],
              [
                'Owner',
                <span className="owner">
                  {isOwn ? 'you ' : ''}
                  <code>{agent.owner.toHexString().slice(0, 12)}…</code>
                  <CopyButton text={agent.owner.toHexString()} what="the identity of the owner" />
                </span>,
              ],
            ]}
          />
          {agent.metadata !== '{}' && <Json json={agent.metadata} label="Metadata" />}
        </Panel>
        {mayRead && <Usage agent={agent} />}
      </div>
      {mayRead ? (
        <>
          <Inbox agent={agent} isOwn={isOwn} />
          {isOwn && <OwnGroups agent={agent} />}
          <div className="split">
            <History agent={agent.id} direction="sent" title="Sent" />
            <History agent={agent.id} direction="received" title="Received and ended" />
          </div>
        </>
      ) : (
        <Panel title="Inbox and history">
          <Empty title="Another identity owns this agent.">Its owner and operators see its messages.</Empty>
        </Panel>
      )}
      {dialog === 'send' && <Compose to={agent.name} onClose={close} />}
      {dialog === 'ask' && <Compose to={agent.name} isAsk onClose={close} />}
      {dialog === 'limits' && <LimitsDialog agent={agent.id} name={agent.name} onClose={close} />}
      {dialog === 'unregister' && (
        <Confirm
          title={`Unregister ${agent.name}`}
          verb="Unregister"
          isDangerous
          onClose={close}
          onConfirm={() => void run(unregister(agent.id, agent.name))}
        >
          <p>Its unfinished deliveries become dead letters, and its name is free for others.</p>
        </Confirm>
      )}
    </Page>
  );
}

function Usage({ agent }: { readonly agent: AgentRow }) {
  const { data, refusal } = useRead(`usage ${agent.id}`, db => db.procedures.agentUsage({ agent: agent.id }));
  const bars: (readonly [string, number, number])[] = data
    ? [
        ['Inbox', data.inbox, data.inboxLimit],
        ['Unfinished work it caused', data.unfinished, data.unfinishedLimit],
        ['Messages in the burst', data.rateUsed, data.burst],
        ['Recipients in a minute', data.fanOutUsed, data.fanOut],
      ]
    : [];
  return (
    <Panel title="Load and limits">
      {refusal ? <Refused refusal={refusal} /> : data === undefined ? <Loading /> : null}
      <ul className="bars">
        {bars.map(([name, used, limit]) => (
          <li key={name}>
            <span>{name}</span>
            <meter min={0} max={limit} value={used} high={limit * 0.8} optimum={0} aria-label={name} />
            <span className="number">
              {count(used)} <span className="faint">of {count(limit)}</span>
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

const INBOX = 100;

function Inbox({ agent, isOwn }: { readonly agent: AgentRow; readonly isOwn: boolean }) {
  const { run } = useActions();
  const { data, refusal } = useRead(`inbox ${agent.id}`, db =>
    db.procedures.peekInbox({ agent: agent.id, limit: INBOX }),
  );
  const isHere = isOwn && agent.agentType === PERSON;
  return (
    <Panel
      title="Inbox"
      aside={
        data && (
          <span className="faint">{`${count(data.held)} of ${count(data.credit)} held · ${count(data.waiting)} waiting`}</span>
        )
      }
    >
      {refusal ? (
        <Refused refusal={refusal} />
      ) : data === undefined ? (
        <Loading />
      ) : data.rows.length === 0 ? (
        <Empty title="The inbox is empty." />
      ) : null}
      {data !== undefined && data.rows.length > 0 && (
        <ul className="lines mail">
          {data.rows.map(row => {
            const envelope = readEnvelope(row.envelope);
            const id = envelope.id || envelope.inReplyTo;
            return (
              <li key={String(row.delivery)}>
                <State
                  state={row.state === 'queued' ? 'queued' : row.attempt > 0 ? 'offered' : row.kind}
                  text={row.attempt > 0 || row.state === 'queued' ? row.state : row.kind}
                />
                <a href={href(['messages', id], { agent: agent.name })}>
                  <Foreign text={envelope.type} max={64} />
                </a>
                <span className="faint">from</span>
                <a href={href(['agents', envelope.from])}>
                  <Foreign text={envelope.from} max={64} />
                </a>
                <span className="excerpt">{oneLine(envelope.payload ?? '', 90)}</span>
                <span className="spacer" />
                {envelope.priority > 2 && <span className="priority">{PRIORITIES[envelope.priority]}</span>}
                {row.attempt > 1 && <span className="retry-badge">attempt {row.attempt}</span>}
                <span className="faint">
                  {row.state === 'queued' ? (
                    <>
                      waits since <Ago ms={msOf(row.at)} />
                    </>
                  ) : row.attempt > 0 ? (
                    <>
                      lease ends <Until ms={msOf(row.at)} />
                    </>
                  ) : (
                    <Ago ms={envelope.sentAt / 1_000} />
                  )}
                </span>
                {isHere && row.state !== 'queued' && (
                  <button
                    type="button"
                    className="small"
                    onClick={() => void run(acknowledge(row.delivery, row.attempt))}
                  >
                    <Icon name="check" size={14} /> Done
                  </button>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}

function OwnGroups({ agent }: { readonly agent: AgentRow }) {
  const { run } = useActions();
  const [name, setName] = useState('');
  const { data } = useRead(`groups ${agent.id}`, db => db.procedures.myGroups({ agent: agent.id }));
  return (
    <Panel title="Groups">
      <div className="chips">
        {(data ?? []).map(group => (
          <span key={group.name} className="chip">
            <a href={href(['groups', group.name], { agent: agent.name })}>
              <Foreign text={`#${group.name.replace(/^#/, '')}`} />
            </a>{' '}
            {group.members}
            <button
              type="button"
              className="ghost square"
              aria-label={`Leave ${group.name}`}
              onClick={() => void run(changeGroup(agent.id, group.name, false))}
            >
              <Icon name="cross" size={12} />
            </button>
          </span>
        ))}
        <form
          className="joined"
          onSubmit={event => {
            event.preventDefault();
            void run(changeGroup(agent.id, name.startsWith('#') ? name : `#${name}`, true)).then(refusal => {
              if (!refusal) setName('');
            });
          }}
        >
          <input
            aria-label="Group to join"
            placeholder="#group"
            value={name}
            onChange={event => setName(event.target.value)}
            required
          />
          <button type="submit">Join</button>
        </form>
      </div>
    </Panel>
  );
}

export const LIMITS: readonly (readonly [keyof Limits, string])[] = [
  ['rate', 'Messages and events per second'],
  ['burst', 'In a burst'],
  ['unfinished', 'Unfinished deliveries that it has caused'],
  ['inboxLength', 'Length of its inbox'],
  ['fanOut', 'Recipients in a minute'],
];

/** Changes the limits of one agent, or with the number 0 of all. */
export function LimitsDialog({
  agent,
  name,
  onClose,
}: {
  readonly agent: bigint;
  readonly name: string;
  readonly onClose: () => void;
}) {
  const { run } = useActions();
  const [values, setValues] = useState<Partial<Record<keyof Limits, string>>>({});
  const [error, setError] = useState<string>();
  const valueOf = (key: keyof Limits) =>
    values[key] === undefined || values[key] === '' ? undefined : Number(values[key]);
  const submit = async () => {
    const [rate, burst, unfinished, inboxLength, fanOut] = LIMITS.map(([key]) => valueOf(key));
    const refusal = await run(setQuota(agent, name, { rate, burst, unfinished, inboxLength, fanOut }));
    if (refusal) setError(`${refusal.message} (${refusal.code})`);
    else onClose();
  };
  return (
    <Dialog title={`Limits of ${name}`} onClose={onClose}>
      <form
        onSubmit={event => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="dialog-body">
          <p className="hint">An empty field keeps the present limit.</p>
          {LIMITS.map(([key, label], at) => (
            <Field key={key} label={label} error={at === 0 ? error : undefined}>
              {(id, hint) => (
                <input
                  id={id}
                  aria-describedby={hint}
                  type="number"
                  min={1}
                  value={values[key] ?? ''}
                  onChange={event => setValues(old => ({ ...old, [key]: event.target.value }))}
                />
              )}
            </Field>
          ))}
        </div>
        <footer className="dialog-foot">
          <button type="button" onClick={onClose}>
            Keep
          </button>
          <button type="submit" className="primary">
            Change limits
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
