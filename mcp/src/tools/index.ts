// All tools in the order of the list, which is the same in every answer.

import { ask } from './ask.ts';
import { claims } from './claims.ts';
import { checkInbox } from './check-inbox.ts';
import { publishEvent, readEvents } from './events.ts';
import { findAgents } from './find-agents.ts';
import { readMessage } from './read-message.ts';
import { sendMessage } from './send-message.ts';
import { settle } from './settle.ts';
import type { Tool } from './tool.ts';
import { waitForMessage } from './wait-for-message.ts';
import { whoami } from './whoami.ts';
import { startWorkflow, steerWorkflow, workflow } from './workflows.ts';

/** All tools that models see. */
export const TOOLS: readonly Tool[] = [
  whoami,
  findAgents,
  sendMessage,
  ask,
  checkInbox,
  readMessage,
  waitForMessage,
  settle,
  readEvents,
  publishEvent,
  startWorkflow,
  workflow,
  steerWorkflow,
  claims,
];

/** A selection of tools: `core` is messaging only. */
export type Profile = 'core' | 'all';

/** The tools of a profile. */
export function toolsOf(profile: Profile): readonly Tool[] {
  return profile === 'all' ? TOOLS : TOOLS.filter(tool => tool.isCore);
}
