// The dialog that starts a workflow, from a form of steps or from YAML.

import { useState } from 'react';
import { createId } from '../base/id.ts';
import { fieldsOf, textIn } from '../base/envelope.ts';
import { navigate, href } from '../base/router.ts';
import { useHub, useOwnAgents } from '../hub/hooks.ts';
import { toRefusal } from '../hub/refusal.ts';
import { Dialog, Field } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { useActions } from './actions.tsx';
import { startWorkflow } from './calls.ts';
import { AgentSelect } from './agent-select.tsx';
import { ensurePerson } from './person.ts';

interface FormStep {
  readonly key: number;
  readonly action: string;
  readonly who: string;
  readonly after: string;
  readonly needsApproval: boolean;
}

const EXAMPLE = `workflow_type: document_review
steps:
  - action: draft
    agent: Writer
  - action: review
    capability: review
    depends_on: [draft]
    retries: { attempts: 2 }
`;
const EMPTY: FormStep = { key: 0, action: '', who: '', after: '', needsApproval: false };

export function StartWorkflow({ onClose }: { readonly onClose: () => void }) {
  const hub = useHub();
  const own = useOwnAgents();
  const { run } = useActions();
  const [isForm, setForm] = useState(true);
  const [type, setType] = useState('document_review');
  const [steps, setSteps] = useState<readonly FormStep[]>([EMPTY]);
  const [approver, setApprover] = useState('');
  const [text, setText] = useState(EXAMPLE);
  const [from, setFrom] = useState('');
  const [error, setError] = useState<string>();
  const submit = async () => {
    setError(undefined);
    try {
      const definition = isForm ? fromForm(type, steps, approver) : await fromText(text);
      const chosen = own.find(({ name }) => name === from);
      const agent = chosen?.id ?? (await ensurePerson(hub, own)).id;
      const id = createId();
      const name = textIn(fieldsOf(definition), 'workflow_type') || 'workflow';
      const refusal = await run(startWorkflow({ id, agent, type: name, definition: JSON.stringify(definition) }));
      if (refusal) return setError(`${refusal.message} (${refusal.code})`);
      onClose();
      navigate(href(['workflows', id]));
    } catch (thrown) {
      setError(toRefusal(thrown).message);
    }
  };
  const change = (key: number, changes: Partial<FormStep>) =>
    setSteps(list => list.map(step => (step.key === key ? { ...step, ...changes } : step)));
  return (
    <Dialog title="Start a workflow" onClose={onClose} isWide>
      <form
        onSubmit={event => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="dialog-body">
          <div className="tabs" role="group" aria-label="How to describe the workflow">
            <button type="button" aria-pressed={isForm} onClick={() => setForm(true)}>
              Form
            </button>
            <button type="button" aria-pressed={!isForm} onClick={() => setForm(false)}>
              YAML or JSON
            </button>
          </div>
          {isForm ? (
            <>
              <div className="columns">
                <Field label="Workflow type" hint="A name such as document_review.">
                  {(id, hint) => (
                    <input
                      id={id}
                      aria-describedby={hint}
                      value={type}
                      onChange={event => setType(event.target.value)}
                      required
                    />
                  )}
                </Field>
                <Field label="Approver" hint="The agent that approves steps, where needed.">
                  {(id, hint) => (
                    <input
                      id={id}
                      aria-describedby={hint}
                      value={approver}
                      onChange={event => setApprover(event.target.value)}
                    />
                  )}
                </Field>
              </div>
              <fieldset className="steps">
                <legend>Steps</legend>
                {steps.map((step, at) => (
                  <StepFields key={step.key} step={step} no={at + 1} change={changes => change(step.key, changes)} />
                ))}
                <button
                  type="button"
                  className="small"
                  onClick={() =>
                    setSteps(list => [...list, { ...EMPTY, key: list.length, after: list.at(-1)?.action ?? '' }])
                  }
                >
                  <Icon name="plus" size={14} /> Add a step
                </button>
              </fieldset>
            </>
          ) : (
            <Field label="Definition" hint="The same text as for: agora workflow start FILE">
              {(id, hint) => (
                <textarea
                  id={id}
                  aria-describedby={hint}
                  className="mono"
                  rows={14}
                  value={text}
                  onChange={event => setText(event.target.value)}
                  spellCheck={false}
                  required
                />
              )}
            </Field>
          )}
          <Field label="Initiator" hint="May pause, cancel and retry it, as operators may.">
            {(id, hint) => <AgentSelect id={id} describedBy={hint} value={from} onChange={setFrom} />}
          </Field>
          {error !== undefined && (
            <p className="hint bad" role="alert">
              {error}
            </p>
          )}
        </div>
        <footer className="dialog-foot">
          <button type="button" onClick={onClose}>
            Discard
          </button>
          <button type="submit" className="primary">
            <Icon name="play" /> Start
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

interface StepFieldsProps {
  readonly step: FormStep;
  readonly no: number;
  readonly change: (changes: Partial<FormStep>) => void;
}

function StepFields({ step, no, change }: StepFieldsProps) {
  return (
    <div className="step-fields">
      <label>
        Action of step {no}
        <input value={step.action} onChange={event => change({ action: event.target.value })} required />
      </label>
      <label>
        Agent or @capability
        <input value={step.who} onChange={event => change({ who: event.target.value })} required />
      </label>
      <label>
        After (actions)
        <input value={step.after} onChange={event => change({ after: event.target.value })} />
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={step.needsApproval}
          onChange={event => change({ needsApproval: event.target.checked })}
        />{' '}
        approval
      </label>
    </div>
  );
}

function fromForm(type: string, steps: readonly FormStep[], approver: string) {
  return {
    workflow_type: type,
    steps: steps.map(({ action, who, after, needsApproval }) => {
      const dependencies = after.split(/[\s,]+/).filter(Boolean);
      return {
        action,
        ...(who.startsWith('@') ? { capability: who.slice(1) } : { agent: who }),
        ...(dependencies.length > 0 && { depends_on: dependencies }),
        ...(needsApproval && { approval: { by: approver } }),
      };
    }),
  };
}

/** The reader of YAML is loaded when it is needed. */
async function fromText(text: string): Promise<unknown> {
  const { parse } = await import('yaml');
  return parse(text) as unknown;
}
