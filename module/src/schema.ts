// Joins the tables into one database, and declares the context type of all reducers.

import { schema, type InferSchema, type ReducerCtx } from 'spacetimedb/server';
import { agent, agentCapability, attachment, pulse } from './tables/agent.ts';
import { claim, claimFolder, claimLoad, claimPlace, claimWait } from './tables/claim.ts';
import { eventFeed, eventLog, logHead } from './tables/event.ts';
import { agentGroup, groupChange, groupInvitation, groupMember } from './tables/group.ts';
import {
  ask,
  broadcastCursor,
  broadcastFailure,
  broadcastFeed,
  broadcastHandled,
  broadcastLog,
  deadLetter,
  dependentAsk,
  deliveryBlock,
  ended,
  failedAttempt,
  mailbox,
  message,
  notice,
  offer,
  ready,
  signal,
  waiting,
} from './tables/message.ts';
import { admissionRule, hubCounters, hubWatch, member, operator } from './tables/operator.ts';
import { account, hub, quota, tally } from './tables/quota.ts';
import { due, dueCount, dueSlot, failedTimer, hubClock, keeper, timerCursor, timerWatch } from './tables/time.ts';
import { seenRequest, step, stepOutput, workflow, workflowState, workflowWatch } from './tables/workflow.ts';

/** The database: all tables; reducers, views and procedures are made from it. */
export const agora = schema({
  agent,
  agentCapability,
  attachment,
  pulse,
  message,
  mailbox,
  waiting,
  offer,
  ended,
  ask,
  broadcastFeed,
  broadcastLog,
  broadcastCursor,
  broadcastHandled,
  eventFeed,
  eventLog,
  logHead,
  workflow,
  workflowState,
  step,
  workflowWatch,
  due,
  dueCount,
  dueSlot,
  operator,
  ready,
  notice,
  deadLetter,
  dependentAsk,
  signal,
  broadcastFailure,
  agentGroup,
  groupMember,
  groupInvitation,
  groupChange,
  account,
  quota,
  hub,
  tally,
  admissionRule,
  member,
  hubCounters,
  hubWatch,
  keeper,
  timerWatch,
  timerCursor,
  failedTimer,
  stepOutput,
  seenRequest,
  deliveryBlock,
  hubClock,
  claim,
  claimPlace,
  claimFolder,
  claimWait,
  claimLoad,
  failedAttempt,
});

type AgoraSchema = InferSchema<typeof agora>;

/** Context of a reducer. */
export type Ctx = ReducerCtx<AgoraSchema>;
