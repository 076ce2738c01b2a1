// The message that assigns a step, or its compensation.

import type { StepInputs, TaskPayload } from '../contract/wire.ts';
import type { Message } from '../message/envelope.ts';
import { systemMessage } from '../message/store.ts';
import { type MemberTexts, objectText } from './payload.ts';
import type { Run } from './run.ts';
import type { Step } from './step.ts';

type Task = TaskPayload['task'];

/** The parts of a task that differ between a step and its compensation. */
export interface TaskParts {
  readonly target: string;
  readonly action: string;
  /** JSON. */
  readonly requirements: string;
  readonly inputs: MemberTexts<StepInputs>;
  readonly rest: MemberTexts<Pick<Task, 'element' | 'index' | 'compensates'>>;
}

/** A message that assigns work for a step. */
export function taskMessage(run: Run, step: Step, { target, action, requirements, inputs, rest }: TaskParts): Message {
  const { inputs: outerInputs, headers, priority } = run.definition;
  const task = objectText<Task>({
    workflow_id: `"${step.workflow}"`,
    step: JSON.stringify(step.name),
    action: JSON.stringify(action),
    requirements,
    ...inputs,
    ...rest,
    workflow_inputs: outerInputs === '' ? undefined : outerInputs,
  });
  return systemMessage(run.unit, {
    id: run.unit.ctx.newUuidV7().toString(),
    target,
    kind: 'task',
    type: 'task_assignment',
    priority: run.specOf(step).priority ?? priority,
    headers,
    payload: objectText<TaskPayload>({ task }),
    step: step.id,
  });
}
