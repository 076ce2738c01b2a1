// The messages about steps: tasks, compensations and approval requests. They are charged to the initiator of the workflow.

import type { Mailbox } from '../mailbox.ts';
import type { Message } from '../message/envelope.ts';
import { systemMessage } from '../message/store.ts';
import { tryCharge } from '../quota/charge.ts';
import { storedPayload, type WorkKind } from './payload.ts';
import type { Run } from './run.ts';
import type { Step } from './step.ts';

/** The room that a message about a step is assumed to need: with its inputs, at most twice as much. */
const ASSUMED_BYTES = 4_096;

/** A message that assigns work for a step, or asks to approve it. At most `LIMITS.taskBytes` and a few texts long. */
export function workMessage(run: Run, step: Step, kind: WorkKind, target: Mailbox): Message {
  const { initiator, initiatorName, headers, priority } = run.definition;
  const { payload, bytes } = storedPayload(run, run.definition, step, kind);
  return systemMessage(run.unit, {
    id: run.unit.ctx.newUuidV7().toString(),
    sender: initiator,
    senderName: initiatorName,
    target: target.name,
    kind: kind === 'approval' ? 'message' : 'task',
    type: kind === 'approval' ? 'approval_request' : 'task_assignment',
    priority: run.specOf(step).priority ?? priority,
    headers,
    payload,
    referencedBytes: bytes,
    step: step.id,
  });
}

/** Charges the initiator for a message about a step. Returns false if a limit does not allow it now: the step is then held. */
export function chargeWork(run: Run, target: Mailbox): boolean {
  return tryCharge(run.unit, run.definition.initiator, target, ASSUMED_BYTES);
}
