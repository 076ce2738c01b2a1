// For operators: who may use the hub and how much, and what operators have done.

import { useState } from 'react';
import { useActions } from '../actions/actions.tsx';
import { admit, clearQuota, expel, grant, identityOf, revoke, setAdmission, setHubLimits } from '../actions/calls.ts';
import { bytes, clock, count, msOf, oneLine, parse } from '../base/format.ts';
import { fieldsOf, textIn } from '../base/envelope.ts';
import { href } from '../base/router.ts';
import { useMe, useRead } from '../hub/hooks.ts';
import { toRefusal } from '../hub/refusal.ts';
import { Confirm, Field } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { Empty, Facts, Loading, Page, Panel, Refused } from '../ui/layout.tsx';
import { State } from '../ui/state.tsx';
import { Ago, CopyButton, Foreign } from '../ui/text.tsx';
import { LIMITS, LimitsDialog } from './agent.tsx';
import { timeOf } from './event-line.tsx';

export function Operators() {
  const { isOperator, identity } = useMe();
  if (!isOperator) {
    return (
      <Page title="Operators">
        <Panel>
          <Empty
            title="You are not an operator of this hub."
            command={`agora operator grant ${identity.toHexString()}`}
          >
            An operator can grant it to your identity.
          </Empty>
        </Panel>
      </Page>
    );
  }
  return (
    <Page title="Operators" about="Members, admission, limits, and the audit of what operators did.">
      <div className="split">
        <Members />
        <Admission />
      </div>
      <div className="split">
        <Limits />
        <Audit />
      </div>
    </Page>
  );
}

/** A form with the identity of another user. */
function IdentityForm({
  verb,
  label,
  onIdentity,
}: {
  readonly verb: string;
  readonly label: string;
  readonly onIdentity: (text: string) => Promise<unknown>;
}) {
  const [text, setText] = useState('');
  const [error, setError] = useState<string>();
  const submit = async () => {
    setError(undefined);
    try {
      if ((await onIdentity(text)) === undefined) setText('');
    } catch (thrown) {
      setError(toRefusal(thrown).message);
    }
  };
  return (
    <form
      className="inline-form"
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field label={label} hint="64 hexadecimal digits; `agora status` shows them." error={error}>
        {(id, hint) => (
          <input
            id={id}
            className="mono"
            aria-describedby={hint}
            value={text}
            onChange={event => setText(event.target.value)}
            spellCheck={false}
            required
          />
        )}
      </Field>
      <button type="submit">{verb}</button>
    </form>
  );
}

function Members() {
  const { run } = useActions();
  const { identity: mine } = useMe();
  const [asked, setAsked] = useState<string>();
  const { data, refusal } = useRead('operators', db => db.procedures.listOperators({}), { onEvents: true });
  return (
    <Panel title="Operators">
      {refusal ? <Refused refusal={refusal} /> : data === undefined ? <Loading /> : null}
      <ul className="lines">
        {(data ?? []).map(({ identity, grantedAt }) => (
          <li key={identity}>
            <code>{identity.replace(/^0x/, '').slice(0, 12)}…</code>
            {identity.replace(/^0x/, '') === mine.toHexString() && <span className="chip">you</span>}
            <CopyButton text={identity} what="the identity" />
            <span className="spacer" />
            <span className="faint">
              granted <Ago ms={msOf(grantedAt)} />
            </span>
            <button type="button" className="small danger" onClick={() => setAsked(identity)}>
              Revoke
            </button>
          </li>
        ))}
      </ul>
      <IdentityForm
        verb="Grant"
        label="Identity of a further operator"
        onIdentity={text => run(grant(identityOf(text)))}
      />
      {asked !== undefined && (
        <Confirm
          title="Revoke an operator"
          verb="Revoke"
          isDangerous
          onClose={() => setAsked(undefined)}
          onConfirm={() => void run(revoke(identityOf(asked)))}
        >
          <p>
            <code>{asked}</code> sees and controls only its own agents afterwards.
          </p>
        </Confirm>
      )}
    </Panel>
  );
}

function Admission() {
  const { run } = useActions();
  const [isAsked, setAsked] = useState(false);
  const { data, refusal } = useRead('admissions', db => db.procedures.listAdmissions({}), { onEvents: true });
  const isClosed = data?.mode === 'closed';
  return (
    <Panel
      title="Admission"
      aside={
        data && (
          <>
            <State state={data.mode} />
            <button
              type="button"
              className="small"
              onClick={() => (isClosed ? void run(setAdmission('open')) : setAsked(true))}
            >
              {isClosed ? 'Open the hub' : 'Close the hub'}
            </button>
          </>
        )
      }
    >
      <p className="faint">
        {isClosed
          ? 'Only operators and admitted identities may use the hub.'
          : 'Every identity that reaches the hub may use it.'}
      </p>
      {refusal ? (
        <Refused refusal={refusal} />
      ) : data === undefined ? (
        <Loading />
      ) : data.rules.length === 0 ? (
        <Empty title="No identity has been admitted." />
      ) : null}
      <ul className="lines">
        {(data?.rules ?? []).map(rule => (
          <li key={String(rule.id)}>
            {rule.issuer === '' ? (
              <code>{rule.identity.replace(/^0x/, '').slice(0, 16)}…</code>
            ) : (
              <Foreign text={`${rule.issuer} for ${rule.audience}`} />
            )}
            {rule.note !== '' && <Foreign text={rule.note} max={80} />}
            <span className="spacer" />
            <span className="faint">
              <Ago ms={msOf(rule.admittedAt)} />
            </span>
            <button
              type="button"
              className="small danger"
              onClick={() => void run(expel(rule.id, rule.identity || rule.issuer))}
            >
              Expel
            </button>
          </li>
        ))}
      </ul>
      <IdentityForm verb="Admit" label="Identity to admit" onIdentity={text => run(admit(identityOf(text), ''))} />
      {isAsked && (
        <Confirm
          title="Close the hub"
          verb="Close the hub"
          isDangerous
          onClose={() => setAsked(false)}
          onConfirm={() => void run(setAdmission('closed'))}
        >
          <p>Agents of identities that are neither operators nor admitted are detached immediately.</p>
        </Confirm>
      )}
    </Panel>
  );
}

const DAY_MS = 86_400_000;
const MIB = 1024 ** 2;

function inUnits(value: bigint, unit: number): string {
  return String(Math.round((Number(value) / unit) * 1_000) / 1_000);
}

function Limits() {
  const { run } = useActions();
  const [isOpen, setOpen] = useState(false);
  const [values, setValues] = useState({ stored: '', messages: '', events: '', workflows: '' });
  const { data, refusal } = useRead(
    'settings',
    async db => {
      const [settings, { storedBytes }] = await Promise.all([
        db.procedures.hubSettings({}),
        db.procedures.hubOverview({}),
      ]);
      return { settings, storedBytes };
    },
    { onEvents: true },
  );
  const settings = data?.settings;
  const big = (text: string, unit: number) => (text === '' ? undefined : BigInt(Math.round(Number(text) * unit)));
  const fields = [
    ['stored', 'Stored bytes, in MiB', settings && inUnits(settings.storedBytes, MIB)],
    ['messages', 'Keep messages, in days', settings && inUnits(settings.keepMessagesMs, DAY_MS)],
    ['events', 'Keep events, in days', settings && inUnits(settings.keepEventsMs, DAY_MS)],
    ['workflows', 'Keep workflows, in days', settings && inUnits(settings.keepWorkflowsMs, DAY_MS)],
  ] as const;
  const isEmpty = Object.values(values).every(value => value === '');
  return (
    <Panel
      title="Limits and retention"
      className="limits"
      aside={
        <>
          <button type="button" className="small" onClick={() => setOpen(true)}>
            Limits of all agents
          </button>
          <button type="button" className="small" onClick={() => void run(clearQuota(0n, 'all agents'))}>
            Defaults
          </button>
        </>
      }
    >
      {refusal ? <Refused refusal={refusal} /> : data === undefined ? <Loading /> : null}
      {data && (
        <Facts
          facts={[
            ['Stored now', `${bytes(data.storedBytes)} of ${bytes(data.settings.storedBytes)}`],
            ...LIMITS.map(([key, label]): [string, string] => [label, count(data.settings[key])]),
            ['Messages in a chain', count(data.settings.hops)],
          ]}
        />
      )}
      <form
        onSubmit={event => {
          event.preventDefault();
          void run(
            setHubLimits({
              storedBytes: big(values.stored, MIB),
              keepMessagesMs: big(values.messages, DAY_MS),
              keepEventsMs: big(values.events, DAY_MS),
              keepWorkflowsMs: big(values.workflows, DAY_MS),
            }),
          ).then(failed => {
            if (!failed) setValues({ stored: '', messages: '', events: '', workflows: '' });
          });
        }}
      >
        <div className="columns">
          {fields.map(([key, label, now]) => (
            <Field
              key={key}
              label={label}
              hint={now === undefined ? 'Empty: unchanged.' : `Now ${now}; empty: unchanged.`}
            >
              {(id, hint) => (
                <input
                  id={id}
                  aria-describedby={hint}
                  type="number"
                  min={0}
                  step="any"
                  value={values[key]}
                  onChange={event => setValues(old => ({ ...old, [key]: event.target.value }))}
                />
              )}
            </Field>
          ))}
        </div>
        <button type="submit" disabled={isEmpty}>
          Change
        </button>
      </form>
      {isOpen && <LimitsDialog agent={0n} name="all agents" onClose={() => setOpen(false)} />}
    </Panel>
  );
}

const BACK = 256;
const PAGES = 4;

function Audit() {
  const { data } = useRead(
    'audit',
    async db => {
      const { last } = await db.procedures.readEvents({ after: 0n, limit: 1 });
      const found = [];
      for (let page = 0n, end = last; page < PAGES && end > 0n; page++) {
        const after = end > BigInt(BACK) ? end - BigInt(BACK) : 0n;
        const { rows } = await db.procedures.readEvents({ after, limit: BACK });
        found.push(...rows.filter(({ type, seq }) => type === 'operator_act' && seq <= end));
        end = after;
      }
      return found.sort((a, b) => Number(b.seq - a.seq));
    },
    { onEvents: true },
  );
  return (
    <Panel title="Audit" aside={<a href={href(['events'], { type: 'operator_act' })}>As events</a>}>
      {data === undefined ? (
        <Loading />
      ) : data.length === 0 ? (
        <Empty title="No operator has changed anything recently." />
      ) : null}
      <ul className="waits">
        {(data ?? []).slice(0, 100).map(event => {
          const { action: _, by: __, ...rest } = fieldsOf(parse(event.data));
          return (
            <li key={String(event.seq)}>
              <Icon name="key" size={14} />{' '}
              <strong>{textIn(fieldsOf(parse(event.data)), 'action').replaceAll('_', ' ')}</strong>{' '}
              <span className="faint">{oneLine(rest, 120)}</span>{' '}
              <span className="faint">
                by {textIn(fieldsOf(parse(event.data)), 'by').slice(0, 10)}… at {clock(timeOf(event))}
              </span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
