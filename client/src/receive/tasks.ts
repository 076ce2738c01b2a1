// Steps of workflows as their agent handles them.

import type { TaskPayload } from '@agora/module/contract';
import { isObject } from '../base/is-object.ts';
import type { InputsOf, NoTypes, RequirementsOf, TaskOutputOf } from '../wire/message-types.ts';
import type { IncomingMessage, MessageContext, Returned } from './incoming-message.ts';

/** A step that was assigned to this agent. */
export interface Task<Action extends string = string, Types = NoTypes> {
  readonly workflowId: string;
  /** The name of the step. */
  readonly step: string;
  readonly action: Action;
  readonly requirements: RequirementsOf<Action, Types>;
  /** What the steps that this one depends on have returned, by their names. */
  readonly inputs: InputsOf<Action, Types>;
  /** Why steps that it depends on were not done, by their names. */
  readonly failures: Readonly<Record<string, string>>;
  /** Whether `inputs` is empty because what they have returned is over 1 MiB: read it with `client.workflow(id)`. */
  readonly inputsOmitted: boolean;
  /** Of a step that is done for each element of a list: the element, and its place in the list, from 0 on. */
  readonly element: unknown;
  readonly index: number | undefined;
  /** Whether it undoes what `step` had done: `action` is that of its `compensate`, `inputs` its output. */
  readonly compensates: boolean;
  /** Of a workflow that is a step of another one: what that step was given. */
  readonly workflowInputs: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Handles a step; what it returns is the step's output. Throwing has it tried again: as the step's `retries` say, or, without
 * them, five times as every delivery. A `PermanentError` fails the step at once, and its `on_failure` decides.
 */
export type TaskHandler<Action extends string = string, Types = NoTypes> = (
  task: TaskOf<Action, Types>,
  context: IncomingMessage & MessageContext<TaskOutputOf<Action, Types>>,
) => Returned<TaskOutputOf<Action, Types>>;

/** A task with one of some actions: looking at `action` tells what its requirements are. `*` is any action. */
export type TaskOf<Action extends string, Types = NoTypes> = Action extends '*'
  ? Task<string, Types>
  : Action extends string
    ? Task<Action, Types>
    : never;

/** Returns the step that a message assigns; undefined if it assigns none. */
export function taskOf(message: IncomingMessage): Task | undefined {
  const task = taskPayloadOf(message);
  return (
    task && {
      workflowId: task.workflow_id,
      step: task.step,
      action: task.action,
      requirements: task.requirements,
      inputs: task.inputs,
      failures: task.failures ?? {},
      inputsOmitted: task.inputs_omitted === true,
      element: task.element,
      index: task.index,
      compensates: task.compensates === true,
      workflowInputs: task.workflow_inputs,
    }
  );
}

/** Returns the task in the payload of a message; undefined if it assigns no step. */
export function taskPayloadOf({ kind, payload }: IncomingMessage): TaskPayload['task'] | undefined {
  if (kind !== 'task' || !isObject(payload)) return undefined;
  return (payload as Partial<TaskPayload>).task; // the hub writes the payload of every task
}
