// The hot path: acts of all kinds, in order, in one transaction. A new act is one line in `Act` and one in `PERFORM`.

import { SenderError, t, type Infer } from 'spacetimedb/server';
import { claim, extendClaim } from '../claim/claim.ts';
import { fence } from '../claim/fence.ts';
import { releaseClaim } from '../claim/held.ts';
import type { Code } from '../contract/codes.ts';
import { LIMITS } from '../contract/limits.ts';
import { publish } from '../event/publish.ts';
import { accept } from '../message/accept.ts';
import { reply } from '../message/answer.ts';
import { acknowledgeBroadcast, failBroadcast } from '../message/broadcast.ts';
import { cancel } from '../message/cancel.ts';
import { acknowledge, extend, fail, failStep, finishStep, respond } from '../message/settle.ts';
import { progress } from '../message/signal.ts';
import { Refusal, refuse } from '../refuse.ts';
import { agora } from '../schema.ts';
import { ClaimResource } from '../tables/claim.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { start } from '../workflow/start.ts';
import { unwatch } from '../workflow/watch.ts';
import { asMember } from './call.ts';

const attempt = { delivery: t.u64(), attempt: t.u32() };

/** One operation of an agent; CONTRACT.md describes the fields. */
const Act = t.enum('Act', {
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
  Claim: t.object('ClaimAct', {
    id: t.string(),
    agent: t.u64(),
    resources: t.array(ClaimResource),
    shared: t.bool(),
    leaseMs: t.u32(),
    waitMs: t.u32(),
    note: t.string(),
  }),
  ExtendClaim: t.object('ExtendClaimAct', { claim: t.string(), ms: t.u32() }),
  ReleaseClaim: t.object('ReleaseClaimAct', { claim: t.string() }),
  Fence: t.object('FenceAct', { claim: t.string(), number: t.u64(), acts: t.u32() }),
});
/** One operation of an agent. */
type Act = Infer<typeof Act>;

/**
 * Performs all acts, or none: the refusal lists every refused act, and nothing of the call is kept. Bound: 256 acts, each with its
 * own bound. The largest are 256 messages to groups of 1,000: half a million new rows, about 2 s.
 */
export const performActs = agora.reducer({ acts: t.array(Act) }, (ctx, { acts }) => {
  if (acts.length === 0) refuse('call/empty', 'the call contains no act');
  if (acts.length > LIMITS.acts)
    refuse('call/too-many-acts', `the call contains ${acts.length} acts; at most ${LIMITS.acts} are allowed`);
  asMember(ctx, unit => {
    const refusals: { readonly act: number; readonly code: Code; readonly message: string }[] = [];
    acts.forEach((act, at) => {
      try {
        perform(unit, act);
        if (act.tag !== 'Fence') unit.passFence();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refusals.push({ act: at, code: error.code, message: error.sentence });
      }
    });
    if (refusals.length > 0) throw new SenderError(`call/refused: ${JSON.stringify(refusals)}`);
  });
});

/** The value of an act, by its tag. */
type ValueOf = { readonly [Tag in Act['tag']]: Extract<Act, { readonly tag: Tag }>['value'] };

/** The implementation of each act, by its tag; an act without an entry does not compile. */
const PERFORM: { readonly [Tag in Act['tag']]: (unit: UnitOfWork, value: ValueOf[Tag]) => void } = {
  Send: accept,
  Acknowledge: acknowledge,
  AcknowledgeBroadcast: acknowledgeBroadcast,
  Fail: fail,
  Respond: respond,
  Extend: extend,
  Publish: publish,
  FinishStep: finishStep,
  FailStep: failStep,
  FailBroadcast: failBroadcast,
  Progress: progress,
  Cancel: cancel,
  Reply: reply,
  StartWorkflow: start,
  UnwatchWorkflow: (unit, { workflow }) => unwatch(unit, workflow),
  Claim: claim,
  ExtendClaim: extendClaim,
  ReleaseClaim: releaseClaim,
  Fence: fence,
};

function perform<Tag extends Act['tag']>(
  unit: UnitOfWork,
  act: { readonly tag: Tag; readonly value: ValueOf[Tag] },
): void {
  PERFORM[act.tag](unit, act.value);
}
