// The dialog that sends a message or asks. The sender is an agent of the user; without one, a person is registered.

import { useId, useState } from 'react';
import { createId } from '../base/id.ts';
import { useHub, useOwnAgents, useRows } from '../hub/hooks.ts';
import { toRefusal } from '../hub/refusal.ts';
import { Dialog, Field } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { useActions } from './actions.tsx';
import { sendMessage } from './calls.ts';
import { AgentSelect } from './agent-select.tsx';
import { ensurePerson } from './person.ts';

interface ComposeProps {
  readonly to?: string;
  readonly isAsk?: boolean;
  readonly onClose: () => void;
}

/** Payload that is no JSON is sent as a text. */
function toJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

export function Compose({ to: initialTo = '', isAsk: initialAsk = false, onClose }: ComposeProps) {
  const hub = useHub();
  const { run } = useActions();
  const own = useOwnAgents();
  const [from, setFrom] = useState('');
  const [to, setTo] = useState(initialTo);
  const [type, setType] = useState('note');
  const [payload, setPayload] = useState('');
  const [priority, setPriority] = useState(2);
  const [isAsk, setAsk] = useState(initialAsk);
  const [seconds, setSeconds] = useState(60);
  const [error, setError] = useState<string>();
  const targets = to.split(/[\s,]+/).filter(Boolean);
  const submit = async () => {
    try {
      const chosen = own.find(({ name }) => name === from);
      const agent = chosen?.id ?? (await ensurePerson(hub, own)).id;
      const refusal = await run(
        sendMessage({
          ...{ id: createId(), agent, to: targets, type, payload: toJson(payload), priority },
          answerWithinMs: isAsk ? seconds * 1_000 : 0,
        }),
      );
      if (refusal) setError(`${refusal.message} (${refusal.code})`);
      else onClose();
    } catch (thrown) {
      setError(toRefusal(thrown).message);
    }
  };
  return (
    <Dialog title={isAsk ? 'Ask an agent' : 'Send a message'} onClose={onClose}>
      <form
        onSubmit={event => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="dialog-body">
          <Field label="To" hint="A name, several names, #group, @capability, or * for all." error={error}>
            {(id, hint) => (
              <TargetInput id={id} describedBy={hint} value={to} onChange={setTo} isFocused={initialTo === ''} />
            )}
          </Field>
          <div className="columns">
            <Field label="From" hint="One of your agents.">
              {(id, hint) => <AgentSelect id={id} describedBy={hint} value={from} onChange={setFrom} />}
            </Field>
            <Field label="Type" hint="Such as note or review_request.">
              {(id, hint) => (
                <input
                  id={id}
                  aria-describedby={hint}
                  value={type}
                  onChange={event => setType(event.target.value)}
                  required
                  spellCheck={false}
                  pattern="[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*"
                />
              )}
            </Field>
          </div>
          <Field label="Payload" hint="JSON; other text is sent as a string.">
            {(id, hint) => (
              <textarea
                id={id}
                aria-describedby={hint}
                rows={6}
                className="mono"
                value={payload}
                onChange={event => setPayload(event.target.value)}
                spellCheck={false}
                data-focus={initialTo !== '' ? '' : undefined}
              />
            )}
          </Field>
          <div className="columns">
            <Field label="Priority" hint="Higher ones are offered first.">
              {(id, hint) => (
                <select
                  id={id}
                  aria-describedby={hint}
                  value={priority}
                  onChange={event => setPriority(Number(event.target.value))}
                >
                  <option value={1}>low</option>
                  <option value={2}>normal</option>
                  <option value={3}>high</option>
                  <option value={4}>critical</option>
                </select>
              )}
            </Field>
            <Field label="Answer" hint={isAsk ? 'Seconds until the ask times out.' : 'No answer is expected.'}>
              {(id, hint) => (
                <div className="joined">
                  <label className="check">
                    <input type="checkbox" checked={isAsk} onChange={event => setAsk(event.target.checked)} /> expected
                  </label>
                  <input
                    id={id}
                    aria-describedby={hint}
                    type="number"
                    min={1}
                    max={3_600}
                    value={seconds}
                    disabled={!isAsk}
                    onChange={event => setSeconds(Number(event.target.value))}
                  />
                </div>
              )}
            </Field>
          </div>
        </div>
        <footer className="dialog-foot">
          <button type="button" onClick={onClose}>
            Discard
          </button>
          <button type="submit" className="primary" disabled={targets.length === 0}>
            <Icon name="send" /> {isAsk ? 'Ask' : 'Send'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

interface TargetInputProps {
  readonly id: string;
  readonly describedBy: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly isFocused: boolean;
}

/** Suggests online agents, which are subscribed only while the dialog is open. */
function TargetInput({ id, describedBy, value, onChange, isFocused }: TargetInputProps) {
  const list = useId();
  const agents = useRows('agent', "SELECT * FROM agent WHERE presence = 'online'");
  const last =
    value
      .split(/[\s,]+/)
      .at(-1)
      ?.toLowerCase() ?? '';
  const names = agents.map(({ name }) => name).filter(name => name.toLowerCase().startsWith(last));
  return (
    <>
      <input
        id={id}
        aria-describedby={describedBy}
        list={list}
        value={value}
        onChange={event => onChange(event.target.value)}
        required
        data-focus={isFocused ? '' : undefined}
        autoComplete="off"
        spellCheck={false}
      />
      <datalist id={list}>
        {names.slice(0, 30).map(name => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
