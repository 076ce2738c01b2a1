// The hot path: acts of all kinds, in order, in one transaction.

import { SenderError, t, type Infer } from 'spacetimedb/server';
import type { Code } from '../contract/codes.ts';
import { LIMITS } from '../contract/limits.ts';
import { asMember, type Desk } from '../desk.ts';
import { publish } from '../event/acts.ts';
import { refuse, Refusal } from '../refuse.ts';
import { agora } from '../schema.ts';
import { start } from '../workflow/start.ts';
import { unwatch } from '../workflow/watch.ts';
import { accept } from './accept.ts';
import { reply } from './ask.ts';
import { acknowledgeBroadcast, failBroadcast } from './broadcast.ts';
import { cancel } from './cancel.ts';
import { acknowledge, extend, fail, failStep, finishStep, respond } from './settle.ts';
import { progress } from './signal.ts';

const attempt = { delivery: t.u64(), attempt: t.u32() };

/** One thing an agent does; the fields are described in CONTRACT.md. */
export const Act = t.enum('Act', {
  Send: t.object('SendAct', {
    id: t.string(),
    agent: t.u64(),
    to: t.array(t.string()),
    type: t.string(),
    payload: t.string(),
    headers: t.string(),
    priority: t.u8(),
    answerWithinMs: t.u32(),
    ttlMs: t.u64(),
    delayMs: t.u64(),
    inReplyTo: t.string(),
    onBehalfOf: t.string(),
    forwardOf: t.string(),
  }),
  Acknowledge: t.object('AcknowledgeAct', attempt),
  AcknowledgeBroadcast: t.object('AcknowledgeBroadcastAct', { agent: t.u64(), seq: t.u64() }),
  Fail: t.object('FailAct', { ...attempt, reason: t.string(), retry: t.bool() }),
  Respond: t.object('RespondAct', {
    ...attempt,
    id: t.string(),
    status: t.string(),
    data: t.string(),
    error: t.string(),
  }),
  Extend: t.object('ExtendAct', { ...attempt, ms: t.u32() }),
  Publish: t.object('PublishAct', {
    id: t.string(),
    agent: t.u64(),
    type: t.string(),
    data: t.string(),
    headers: t.string(),
  }),
  FinishStep: t.object('FinishStepAct', { ...attempt, output: t.string() }),
  FailStep: t.object('FailStepAct', { ...attempt, error: t.string(), retry: t.bool() }),
  FailBroadcast: t.object('FailBroadcastAct', {
    agent: t.u64(),
    seq: t.u64(),
    attempt: t.u32(),
    reason: t.string(),
    retry: t.bool(),
  }),
  Progress: t.object('ProgressAct', { ...attempt, number: t.u32(), data: t.string() }),
  Cancel: t.object('CancelAct', { agent: t.u64(), message: t.string(), reason: t.string() }),
  Reply: t.object('ReplyAct', {
    id: t.string(),
    agent: t.u64(),
    ask: t.string(),
    payload: t.string(),
    answerWithinMs: t.u32(),
  }),
  StartWorkflow: t.object('StartWorkflowAct', { id: t.string(), agent: t.u64(), definition: t.string() }),
  UnwatchWorkflow: t.object('UnwatchWorkflowAct', { workflow: t.string() }),
});
/** One thing an agent does. */
export type Act = Infer<typeof Act>;

/** All acts, or none: every refused act is named in the text, and nothing of the call is kept. */
export const performActs = agora.reducer({ acts: t.array(Act) }, (ctx, { acts }) => {
  if (acts.length === 0) refuse('call/empty', 'no act was given');
  if (acts.length > LIMITS.acts)
    refuse('call/too-many-acts', `${acts.length} acts were given; ${LIMITS.acts} are allowed in a call`);
  asMember(ctx, desk => {
    const refusals: { readonly act: number; readonly code: Code; readonly message: string }[] = [];
    acts.forEach((act, at) => {
      try {
        perform(desk, act);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refusals.push({ act: at, code: error.code, message: error.sentence });
      }
    });
    if (refusals.length > 0) throw new SenderError(`call/refused: ${JSON.stringify(refusals)}`);
  });
});

function perform(desk: Desk, act: Act): void {
  switch (act.tag) {
    case 'Send':
      return accept(desk, act.value);
    case 'Acknowledge':
      return acknowledge(desk, act.value);
    case 'AcknowledgeBroadcast':
      return acknowledgeBroadcast(desk, act.value);
    case 'Fail':
      return fail(desk, act.value);
    case 'Respond':
      return respond(desk, act.value);
    case 'Extend':
      return extend(desk, act.value);
    case 'Publish':
      return publish(desk, act.value);
    case 'FinishStep':
      return finishStep(desk, act.value);
    case 'FailStep':
      return failStep(desk, act.value);
    case 'FailBroadcast':
      return failBroadcast(desk, act.value);
    case 'Progress':
      return progress(desk, act.value);
    case 'Cancel':
      return cancel(desk, act.value);
    case 'Reply':
      return reply(desk, act.value);
    case 'StartWorkflow':
      return start(desk, act.value);
    case 'UnwatchWorkflow':
      return unwatch(desk, act.value.workflow);
  }
}
