// Joins the tables into one database, and names the context that everything else is written against.

import { schema, type InferSchema, type ReducerCtx } from 'spacetimedb/server';
import { agent, agentCapability, attachment, pulse } from './agent/table.ts';
import { eventFeed, eventLog, logHead } from './event/table.ts';
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
} from './message/table.ts';
import { agentGroup, groupMember } from './group/table.ts';
import { admissionRule, hubCounters, hubWatch, member, operator } from './operator/table.ts';
import { account, hub, quota, tally } from './quota/table.ts';
import { due, dueCount, dueSlot, keeper } from './time/table.ts';
import { step, workflow, workflowState, workflowWatch } from './workflow/table.ts';

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
