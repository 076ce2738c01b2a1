// One workflow: graph, timeline, why it waits, retries and approvals.

import type { DbConnection } from '@agora/bindings';
import { useEffect, useState } from 'react';
import { useActions } from '../actions/actions.tsx';
import {
  allSteps,
  cancelWorkflow,
  decide,
  forkWorkflow,
  pauseWorkflow,
  resumeWorkflow,
  retryStep,
} from '../actions/calls.ts';
import { ensurePerson } from '../actions/person.ts';
import { count, msOf } from '../base/format.ts';
import { createId } from '../base/id.ts';
import { href, navigate, useFilter } from '../base/router.ts';
import { useHub, useOwnAgents, useRead, useRows } from '../hub/hooks.ts';
import { Graph, MAX_DRAWN } from '../graph/graph.tsx';
import { Dialog, Field } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { Empty, Loading, Page, Panel, Refused } from '../ui/layout.tsx';
import { State } from '../ui/state.tsx';
import { Clock, Foreign, Id, Json, Running, Until } from '../ui/text.tsx';
import { Gantt } from './gantt.tsx';

export type Step = Awaited<ReturnType<typeof allSteps>>[number];
type Wait = Awaited<ReturnType<DbConnection['procedures']['whyWaiting']>>[number];

const FINAL = new Set(['succeeded', 'failed', 'cancelled']);
const BAD_ENDS = new Set(['failed', 'timed_out', 'cancelled', 'skipped']);

export function Workflow({ id }: { readonly id: string }) {
  useWatch(id);
  const summary = useRows('myWorkflows', 'SELECT * FROM my_workflows').find(row => row.id === id);
  const { data: steps, refusal } = useRead(`steps ${id}`, db => allSteps(db, id), { onEvents: true });
  const { data: waits } = useRead(
    `waits ${id}`,
    db => db.procedures.whyWaiting({ workflow: id, from: 0, limit: 256 }),
    { onEvents: true },
  );
  const [selected, setSelected] = useFilter('step');
  const [hides, setHides] = useFilter('hide');
  const { run } = useActions();
  const [dialog, setDialog] = useState<'cancel' | 'approve' | 'reject' | undefined>();
  const [decided, setDecided] = useState('');
  if (!steps) {
    return (
      <Page title="Workflow" about={<Id id={id} />}>
        {refusal ? <Refused refusal={refusal} /> : <Loading rows={6} />}
      </Page>
    );
  }
  const status =
    summary?.status ??
    (steps.every(({ state }) => state !== 'running' && state !== 'ready' && state !== 'pending')
      ? 'succeeded'
      : 'running');
  const outer = steps.filter(({ parent }) => parent === 0);
  const step = steps.find(({ name }) => name === selected);
  const approvals = (waits ?? []).filter(({ waitsFor }) => waitsFor === 'approval');
  const isEnded = FINAL.has(status);
  const open = (kind: 'approve' | 'reject', name: string) => {
    setDecided(name);
    setDialog(kind);
  };
  return (
    <Page
      title={summary?.type ?? 'Workflow'}
      about={
        <>
          <State state={status} /> {summary && `${count(summary.ended)} of ${count(summary.total)} steps`}
          {summary && summary.startedAt > 0n && (
            <>
              {' · '}
              <Running since={msOf(summary.startedAt)} until={msOf(summary.endedAt)} />
            </>
          )}{' '}
          · <Id id={id} />
        </>
      }
      actions={
        !isEnded && (
          <>
            {status === 'paused' ? (
              <button type="button" className="primary" onClick={() => void run(resumeWorkflow(id))}>
                <Icon name="play" /> Resume
              </button>
            ) : (
              <button type="button" onClick={() => void run(pauseWorkflow(id))}>
                <Icon name="pause" /> Pause
              </button>
            )}
            <button type="button" className="danger" onClick={() => setDialog('cancel')}>
              <Icon name="cross" /> Cancel
            </button>
          </>
        )
      }
    >
      {summary && summary.reason !== '' && (
        <p className="banner bad">
          <Foreign text={summary.reason} max={2_000} />
        </p>
      )}
      {approvals.map(({ name, whom }) => (
        <div key={name} className="banner approval" role="group" aria-label={`Approval of ${name}`}>
          <p>
            <strong>
              <Foreign text={name} />
            </strong>{' '}
            waits for the approval of <Foreign text={whom.join(', ') || 'its approver'} />.
          </p>
          <button type="button" className="primary" onClick={() => open('approve', name)}>
            <Icon name="check" /> Approve
          </button>
          <button type="button" className="danger" onClick={() => open('reject', name)}>
            Reject
          </button>
        </div>
      ))}
      <Panel title="Graph">
        {outer.length > MAX_DRAWN ? (
          <Empty title={`${count(outer.length)} steps are too many to draw; the timeline lists them.`} />
        ) : (
          <Graph
            steps={outer}
            selected={step?.position}
            onSelect={position => setSelected(steps.find(each => each.position === position)?.name ?? '')}
          />
        )}
      </Panel>
      <div className="split wide-left">
        <Panel
          title="Timeline"
          aside={
            <label className="check">
              <input
                type="checkbox"
                checked={hides === 'succeeded'}
                onChange={event => setHides(event.target.checked ? 'succeeded' : '')}
              />{' '}
              hide succeeded
            </label>
          }
        >
          <Gantt
            steps={hides === 'succeeded' ? steps.filter(({ state }) => state !== 'succeeded') : steps}
            selected={selected}
            onSelect={setSelected}
          />
        </Panel>
        <div>
          {step && <StepPanel workflow={id} step={step} isEnded={isEnded} onClose={() => setSelected('')} />}
          <Panel title="Why it waits">
            {waits === undefined ? <Loading /> : waits.length === 0 ? <Empty title="Nothing waits." /> : null}
            <ul className="waits">
              {(waits ?? []).slice(0, 60).map(wait => (
                <li key={wait.name}>
                  <button type="button" className="link" onClick={() => setSelected(wait.name)}>
                    <Foreign text={wait.name} />
                  </button>{' '}
                  <WaitText wait={wait} />
                </li>
              ))}
            </ul>
          </Panel>
        </div>
      </div>
      {dialog !== undefined && (
        <DecisionDialog
          kind={dialog}
          step={decided}
          onClose={() => setDialog(undefined)}
          onDecide={comment =>
            run(dialog === 'cancel' ? cancelWorkflow(id, comment) : decide(id, decided, dialog === 'approve', comment))
          }
        />
      )}
    </Page>
  );
}

/** Follows the workflow while the page shows it. A refused watch leaves the page to the events. */
function useWatch(workflow: string): void {
  const hub = useHub();
  useEffect(() => {
    hub.call(db => db.reducers.watchWorkflow({ workflow })).catch(() => undefined);
    return () => {
      hub.call(db => db.reducers.unwatchWorkflow({ workflow })).catch(() => undefined);
    };
  }, [hub, workflow]);
}

const WAITS: Readonly<Record<string, string>> = {
  steps: 'waits for the steps',
  time: 'waits for its next attempt',
  resume: 'waits until the workflow is resumed',
  approval: 'waits for the approval of',
  queue: 'waits for a free agent of',
  agent: 'waits for the agent',
  answer: 'is being worked on by',
  elements: 'waits for its elements',
  workflow: 'waits for the nested workflow',
  limit: 'waits for room within the limits of its initiator or recipient',
};

function WaitText({ wait }: { readonly wait: Wait }) {
  return (
    <span>
      {WAITS[wait.waitsFor] ?? wait.waitsFor}{' '}
      {wait.whom.slice(0, 6).map((name, at) => (
        <span key={name}>
          {at > 0 && ', '}
          {wait.waitsFor === 'workflow' ? (
            <a href={href(['workflows', name])}>
              <Id id={name} />
            </a>
          ) : (
            <Foreign text={name} />
          )}
        </span>
      ))}
      {wait.whom.length > 6 && ` and ${wait.whom.length - 6} more`}
      {wait.until > 0n && (
        <span className="faint">
          {' '}
          (<Until ms={msOf(wait.until)} />)
        </span>
      )}
    </span>
  );
}

interface StepPanelProps {
  readonly workflow: string;
  readonly step: Step;
  readonly isEnded: boolean;
  readonly onClose: () => void;
}

function StepPanel({ workflow, step, isEnded, onClose }: StepPanelProps) {
  const hub = useHub();
  const own = useOwnAgents();
  const { run } = useActions();
  const fork = async () => {
    const id = createId();
    const { id: agent } = await ensurePerson(hub, own);
    if (!(await run(forkWorkflow(workflow, id, agent, step.name)))) navigate(href(['workflows', id]));
  };
  return (
    <Panel
      title={`Step ${step.name}`}
      aside={
        <button type="button" className="ghost square" aria-label="Close the step" onClick={onClose}>
          <Icon name="cross" size={14} />
        </button>
      }
    >
      <p>
        <State state={step.state} /> {step.tries > 1 && <span className="retry-badge">{step.tries} assignments</span>}{' '}
        {step.undo !== '' && <span className="retry-badge">undo {step.undo}</span>}
      </p>
      <p className="faint">
        <Foreign text={step.action} /> by{' '}
        {step.agent === '' ? (
          '—'
        ) : (
          <a href={href(['agents', step.agent])}>
            <Foreign text={step.agent} max={64} />
          </a>
        )}
        {step.startedAt > 0n && (
          <>
            {' · '}
            <Clock ms={msOf(step.startedAt)} /> · <Running since={msOf(step.startedAt)} until={msOf(step.endedAt)} />
          </>
        )}
      </p>
      {step.nested !== '' && (
        <p>
          <a href={href(['workflows', step.nested])}>Open the nested workflow</a>
        </p>
      )}
      {step.error !== '' && (
        <p className="reason">
          <Foreign text={step.error} max={4_000} />
        </p>
      )}
      {step.output !== '' && <Json json={step.output} label={`Output of ${step.name}`} />}
      <div className="actions">
        {BAD_ENDS.has(step.state) && (
          <button type="button" onClick={() => void run(retryStep(workflow, step.name))}>
            <Icon name="retry" /> Retry
          </button>
        )}
        {isEnded && (
          <button type="button" onClick={() => void fork().catch(() => undefined)}>
            <Icon name="fork" /> Fork from here
          </button>
        )}
      </div>
    </Panel>
  );
}

interface DecisionProps {
  readonly kind: 'cancel' | 'approve' | 'reject';
  readonly step: string;
  readonly onClose: () => void;
  readonly onDecide: (comment: string) => Promise<unknown>;
}

const VERBS = { cancel: 'Cancel the workflow', approve: 'Approve', reject: 'Reject' } as const;

function DecisionDialog({ kind, step, onClose, onDecide }: DecisionProps) {
  const [comment, setComment] = useState('');
  return (
    <Dialog title={kind === 'cancel' ? 'Cancel this workflow' : `${VERBS[kind]} step ${step}`} onClose={onClose}>
      <form
        onSubmit={event => {
          event.preventDefault();
          void onDecide(comment);
          onClose();
        }}
      >
        <div className="dialog-body">
          {kind === 'cancel' && <p>Its tasks are taken back, and finished steps with a compensation are undone.</p>}
          <Field label={kind === 'cancel' ? 'Reason' : 'Comment'} hint="Shown to those who see the workflow.">
            {(id, hint) => (
              <textarea
                id={id}
                aria-describedby={hint}
                rows={3}
                value={comment}
                onChange={event => setComment(event.target.value)}
                data-focus=""
              />
            )}
          </Field>
        </div>
        <footer className="dialog-foot">
          <button type="button" onClick={onClose}>
            Back
          </button>
          <button type="submit" className={kind === 'approve' ? 'primary' : 'primary danger'}>
            {VERBS[kind]}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
