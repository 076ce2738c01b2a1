// Payloads of the messages about steps: JSON objects joined from member texts, since outputs are stored as text and may be large.

import { LIMITS } from '../contract/limits.ts';
import type { ApprovalPayload, StepInputs, TaskPayload } from '../contract/wire.ts';
import type { Ctx } from '../schema.ts';
import type { StepSpec } from './check.ts';
import { isBad, outputLength, outputOf, specOf, type Step, stepAt } from './step.ts';

type Task = TaskPayload['task'];
type Approval = ApprovalPayload['approval'];
type Workflow = Pick<NonNullable<ReturnType<Ctx['db']['workflow']['id']['find']>>, 'inputs'>;

/** The members of a wire type as JSON texts. An optional member that is undefined is left out. */
export type MemberTexts<Wire> = { readonly [Member in keyof Wire]: string };

/** The work that a message is about: a step, its compensation, or its approval. */
export type WorkKind = 'task' | 'undo' | 'approval';

/** Reads steps of one workflow. */
export interface StepReader {
  step(position: number): Step | undefined;
  specOf(step: Step): StepSpec;
  outputOf(step: Step): string;
}

/** A payload as it is stored. `bytes` is about the size of the whole, if inputs are left out; else 0. */
export interface StoredPayload {
  readonly payload: string;
  readonly bytes: number;
}

/** The JSON text of an object, with its members in the order of `members`. Member names need no escapes. */
export function objectText<Wire>(members: MemberTexts<Wire>): string {
  let text = '';
  for (const name in members) {
    const member: string | undefined = members[name];
    if (member !== undefined) text += `${text === '' ? '{' : ','}"${name}":${member}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/** The payload of a message about a step. Inputs above `LIMITS.taskBytes` are left out: `wholePayload` reads them. */
export function storedPayload(steps: StepReader, workflow: Workflow, step: Step, kind: WorkKind): StoredPayload {
  const bytes = sizeOf(steps, workflow, step, kind);
  if (bytes <= LIMITS.taskBytes) return { payload: payloadOf(steps, workflow, step, kind), bytes: 0 };
  const names = { ...namesOf(steps, step, kind), requirements: '{}', inputs: '{}' };
  return { payload: wrapped(kind, { ...names, ...placeOf(steps, step, kind) }), bytes };
}

/** The payload of a message whose inputs were left out; the stored one, if the step is no longer at this message. */
export function wholePayload(
  db: Ctx['db'],
  message: { readonly id: string; readonly step: bigint; readonly payload: string; readonly acceptedAt: bigint },
): string {
  const step = db.step.id.find(message.step);
  const workflow = step && db.workflow.id.find(step.workflow);
  if (!workflow) return message.payload;
  const kind: WorkKind = step.undoMessage === message.id ? 'undo' : step.approval === 'asked' ? 'approval' : 'task';
  if (kind !== 'undo' && step.message !== message.id) return message.payload;
  return payloadOf(readerOf(db, step.workflow), workflow, step, kind, message.acceptedAt);
}

function readerOf(db: Ctx['db'], workflow: string): StepReader {
  return {
    step: position => stepAt(db, workflow, position),
    specOf: step => specOf(db, step),
    outputOf: step => outputOf(db, step),
  };
}

/** The whole payload; `at` is the time of the assignment, if that was in an earlier call. */
function payloadOf(steps: StepReader, workflow: Workflow, step: Step, kind: WorkKind, at?: bigint): string {
  const { compensate } = steps.specOf(step);
  const about = namesOf(steps, step, kind);
  const output = `{${JSON.stringify(step.name)}:${steps.outputOf(step) || 'null'}}`;
  return wrapped(kind, {
    ...about,
    requirements:
      kind === 'undo' ? JSON.stringify(compensate?.requirements ?? {}) : (parentOf(steps, step) ?? step).requirements,
    ...(kind === 'undo' ? { inputs: output } : inputTexts(steps, parentOf(steps, step) ?? step, at)),
    ...(step.parent > 0 && { element: step.element }),
    ...placeOf(steps, step, kind),
    ...(kind !== 'approval' && { workflow_inputs: workflow.inputs === '' ? undefined : workflow.inputs }),
  }); // `undefined` leaves an optional member out
}

function wrapped(kind: WorkKind, members: MemberTexts<Task>): string {
  if (kind === 'approval') return objectText<ApprovalPayload>({ approval: objectText<Approval>(members) });
  return objectText<TaskPayload>({ task: objectText<Task>(members) });
}

function namesOf(steps: StepReader, step: Step, kind: WorkKind) {
  const action = kind === 'undo' ? (steps.specOf(step).compensate?.action ?? '') : step.action;
  return {
    workflow_id: `"${step.workflow}"`,
    step: JSON.stringify(step.name),
    action: JSON.stringify(action),
  };
}

function placeOf(steps: StepReader, step: Step, kind: WorkKind): Pick<MemberTexts<Task>, 'index' | 'compensates'> {
  const parent = parentOf(steps, step);
  return {
    ...(parent && { index: String(step.position - parent.firstChild) }),
    ...(kind === 'undo' && { compensates: 'true' }),
  }; // optional members
}

function parentOf(steps: StepReader, step: Step): Step | undefined {
  return step.parent > 0 ? steps.step(step.parent - 1) : undefined;
}

/** About the size of a payload; reads no long output. */
function sizeOf(steps: StepReader, { inputs }: Workflow, step: Step, kind: WorkKind): number {
  const own = step.element.length + (kind === 'approval' ? 0 : inputs.length);
  if (kind === 'undo') {
    const { compensate } = steps.specOf(step);
    return own + outputLength(step) + JSON.stringify(compensate?.requirements ?? {}).length;
  }
  const whole = parentOf(steps, step) ?? step;
  let size = own + whole.requirements.length;
  for (const dependency of inputsOf(steps, whole)) {
    size += dependency.name.length + outputLength(dependency) + (isBad(dependency) ? dependency.error.length : 0);
  }
  return size;
}

/** The steps whose outputs are the inputs of a step: at most a thousand. */
function inputsOf(steps: StepReader, step: Step, at?: bigint): Step[] {
  const list = steps.specOf(step).forEach?.position;
  return step.dependencies.flatMap(position => {
    const dependency = steps.step(position);
    // Each element gets its part of the list as `element`.
    if (!dependency || dependency.endedAt === 0n || position === list) return [];
    return at === undefined || dependency.endedAt <= at ? [dependency] : [];
  });
}

/** The outputs of the steps that a step depends on, and the errors of those that failed. */
export function inputTexts(steps: StepReader, step: Step, at?: bigint): MemberTexts<StepInputs> {
  const inputs: string[] = [];
  const failures: string[] = [];
  const dependencies = inputsOf(steps, step, at);
  // A thousand outputs of 256 KiB do not fit into a message; agents read them with the steps.
  const areOmitted = dependencies.reduce((sum, each) => sum + outputLength(each), 0) > LIMITS.inputsLength;
  for (const dependency of dependencies) {
    const name = JSON.stringify(dependency.name);
    if (!areOmitted) inputs.push(`${name}:${steps.outputOf(dependency) || 'null'}`);
    if (isBad(dependency)) failures.push(`${name}:${JSON.stringify(dependency.error)}`);
  }
  return {
    inputs: `{${inputs.join(',')}}`,
    ...(areOmitted && { inputs_omitted: 'true' }),
    ...(failures.length > 0 && { failures: `{${failures.join(',')}}` }),
  }; // optional members
}
