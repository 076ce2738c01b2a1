// Tasks: steps of workflows that are assigned to this agent.

import type { TaskPayload } from '@agora/module/contract';
import { isObject } from '../base/is-object.ts';
import type { InputsOf, NoTypes, RequirementsOf, TaskOutputOf } from '../wire/message-types.ts';
import type { IncomingMessage, MessageContext, Returned } from './incoming-message.ts';

/** A step of a workflow that is assigned to this agent. */
export interface Task<Action extends string = string, Types = NoTypes> {
  readonly workflowId: string;
  /** Name of the step. */
  readonly step: string;
  readonly action: Action;
  readonly requirements: RequirementsOf<Action, Types>;
  /** Outputs of its dependencies, by step name. */
  readonly inputs: InputsOf<Action, Types>;
  /** Errors of dependencies that did not succeed, by step name. */
  readonly failures: Readonly<Record<string, string>>;
  /** True if `inputs` is empty because the outputs exceed 1 MiB; read them with `client.workflow(id)`. */
  readonly inputsOmitted: boolean;
  /** In a `for_each` step: the element, and its position in the list, from 0 on. */
  readonly element: unknown;
  readonly index: number | undefined;
  /** True if the task undoes `step`: `action` is that of its `compensate`, `inputs` is its output. */
  readonly compensates: boolean;
  /** In a nested workflow: the inputs of the outer step. */
  readonly workflowInputs: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Handles a step; the return value is the step's output. Throwing fails the attempt: the step is retried by its `retries`
 * policy, or without one up to five times, like every delivery. A `PermanentError` fails the step immediately; its
 * `on_failure` decides how the workflow continues.
 */
export type TaskHandler<Action extends string = string, Types = NoTypes> = (
  task: TaskOf<Action, Types>,
  context: IncomingMessage & MessageContext<TaskOutputOf<Action, Types>>,
) => Returned<TaskOutputOf<Action, Types>>;

/** A task with one of several actions; a check of `action` narrows its requirements. `*` is any action. */
export type TaskOf<Action extends string, Types = NoTypes> = Action extends '*'
  ? Task<string, Types>
  : Action extends string
    ? Task<Action, Types>
    : never;

/** Returns the step that a message assigns; undefined if it assigns none. */
export function taskOf(message: Pick<IncomingMessage, 'payload'> & { readonly kind: string }): Task | undefined {
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
export function taskPayloadOf({
  kind,
  payload,
}: Pick<IncomingMessage, 'payload'> & { readonly kind: string }): TaskPayload['task'] | undefined {
  if (kind !== 'task' || !isObject(payload)) return undefined;
  return (payload as Partial<TaskPayload>).task; // the hub writes the payload of every task
}
