// The message that assigns a step.

import { LIMITS } from '../contract.ts';
import type { Desk, Mailbox } from '../desk.ts';
import { systemMessage } from '../message/accept.ts';
import type { Message } from '../message/envelope.ts';
import { queueOf } from '../message/queue.ts';
import type { StepSpec } from './rules.ts';
import type { Run, Step } from './run.ts';

/** The mailbox that a step is assigned through: its agent's, or the work queue of a capability. */
export function takerOf(desk: Desk, step: Step, spec: StepSpec): Mailbox | undefined {
  return spec.capability === undefined ? desk.box(step.agent) : queueOf(desk, spec.capability);
}

/** The assignment of a step, with what the steps it depends on have returned. */
export function assignment(desk: Desk, run: Run, step: Step, spec: StepSpec): Message {
  const inputs: string[] = [];
  const failures: string[] = [];
  let length = 0;
  for (const position of step.dependencies) {
    const dependency = run.step(position);
    if (!dependency || dependency.endedAt === 0n) continue;
    const name = JSON.stringify(dependency.name);
    length += dependency.output.length;
    inputs.push(`${name}:${dependency.output || 'null'}`);
    if (dependency.error !== '' && dependency.state !== 'succeeded') {
      failures.push(`${name}:${JSON.stringify(dependency.error)}`);
    }
  }
  // A thousand outputs of 256 KiB are no message: they are read with the steps.
  const given = length <= LIMITS.inputsLength ? `"inputs":{${inputs.join(',')}}` : '"inputs":{},"inputs_omitted":true';
  const failed = failures.length > 0 ? `,"failures":{${failures.join(',')}}` : '';
  return systemMessage(desk, {
    id: desk.ctx.newUuidV7().toString(),
    target: step.agentName || `@${spec.capability}`,
    kind: 'task',
    type: 'task_assignment',
    priority: spec.priority ?? run.definition.priority,
    payload:
      `{"task":{"workflow_id":"${step.workflow}","step":${JSON.stringify(step.name)},"action":${JSON.stringify(step.action)},` +
      `"requirements":${step.requirements},${given}${failed}}}`,
    step: step.id,
  });
}
