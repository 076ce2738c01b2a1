// Joins the tables into one database, and names the context that everything else is written against.

import { schema, type InferSchema, type ReducerCtx } from 'spacetimedb/server';
import { agent, agentCapability, attachment, pulse } from './tables/agent.ts';
import { eventFeed, eventLog, logHead } from './tables/event.ts';
import { agentGroup, groupMember } from './tables/group.ts';
import {
  ask,
  broadcastCursor,
  broadcastFailure,
  broadcastFeed,
  broadcastHandled,
  broadcastLog,
  deadLetter,
  ended,
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
import { due, dueCount, dueSlot, keeper } from './tables/time.ts';
import { step, workflow, workflowState, workflowWatch } from './tables/workflow.ts';

/** The database: every table, and what reducers, views and procedures are made from. */
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
  signal,
  broadcastFailure,
  agentGroup,
  groupMember,
  account,
  quota,
  hub,
  tally,
  admissionRule,
  member,
  hubCounters,
  hubWatch,
  keeper,
});

type AgoraSchema = InferSchema<typeof agora>;

/** What a reducer is given. */
export type Ctx = ReducerCtx<AgoraSchema>;
