// The messages that assign steps.

import { LIMITS } from '../contract/limits.ts';
import type { Message } from '../message/envelope.ts';
import { queueOf } from '../message/queue.ts';
import { systemMessage } from '../message/store.ts';
import type { Mailbox, UnitOfWork } from '../unit-of-work.ts';
import type { StepSpec } from './check.ts';
import type { Run } from './run.ts';
import { isBad, type Step } from './step.ts';

/** The mailbox that a step is assigned through: its agent's, or the work queue of a capability. */
export function takerOf(unit: UnitOfWork, step: Step, spec: StepSpec): Mailbox | undefined {
  return spec.capability === undefined ? unit.box(step.agent) : queueOf(unit, spec.capability);
}

/** The assignment of a step, or of one element of it, with what the steps it depends on have returned. */
export function assignment(run: Run, step: Step, taker: Mailbox): Message {
  const parent = step.parent > 0 ? run.step(step.parent - 1) : undefined;
  const element = parent ? `,"element":${step.element},"index":${step.position - parent.firstChild}` : '';
  return taskMessage(run, step, {
    target: taker.name,
    action: step.action,
    requirements: step.requirements,
    rest: `${inputsOf(run, parent ?? step)}${element}`,
  });
}

/** A task, as JSON members. */
export interface TaskFields {
  readonly target: string;
  readonly action: string;
  readonly requirements: string;
  /** Further members, without a comma before them. */
  readonly rest: string;
}

/** A message that gives somebody something to do for a step. */
export function taskMessage(run: Run, step: Step, { target, action, requirements, rest }: TaskFields): Message {
  const { inputs } = run.definition;
  const workflowInputs = inputs === '' ? '' : `,"workflow_inputs":${inputs}`;
  return systemMessage(run.unit, {
    id: run.unit.ctx.newUuidV7().toString(),
    target,
    kind: 'task',
    type: 'task_assignment',
    priority: run.specOf(step).priority ?? run.definition.priority,
    headers: run.definition.headers,
    payload:
      `{"task":{"workflow_id":"${step.workflow}","step":${JSON.stringify(step.name)},"action":${JSON.stringify(action)},` +
      `"requirements":${requirements},${rest}${workflowInputs}}}`,
    step: step.id,
  });
}

/** What the dependencies of a step have returned, and why those failed that did, as JSON members. */
export function inputsOf(run: Run, step: Step): string {
  const inputs: string[] = [];
  const failures: string[] = [];
  const list = run.specOf(step).forEach?.position;
  let length = 0;
  for (const position of step.dependencies) {
    const dependency = run.step(position);
    // Of the list that a step is done for, each gets its element.
    if (!dependency || dependency.endedAt === 0n || position === list) continue;
    const name = JSON.stringify(dependency.name);
    length += dependency.output.length;
    inputs.push(`${name}:${dependency.output || 'null'}`);
    if (isBad(dependency)) {
      failures.push(`${name}:${JSON.stringify(dependency.error)}`);
    }
  }
  // A thousand outputs of 256 KiB are no message: they are read with the steps.
  const given = length <= LIMITS.inputsLength ? `"inputs":{${inputs.join(',')}}` : '"inputs":{},"inputs_omitted":true';
  return failures.length > 0 ? `${given},"failures":{${failures.join(',')}}` : given;
}
