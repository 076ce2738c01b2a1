// Agents join groups, and leave them.

import { t } from 'spacetimedb/server';
import { asMember } from '../unit-of-work.ts';
import { agora } from '../schema.ts';
import { join, leave } from '../group/members.ts';

/** Puts an agent of the caller into a group; the first member makes it. */
export const joinGroup = agora.reducer({ agent: t.u64(), group: t.string() }, (ctx, { agent, group }) => {
  asMember(ctx, desk => join(desk, desk.own(agent).agent, group));
});

/** Takes an agent of the caller out of a group; with the last one the group ends. */
export const leaveGroup = agora.reducer({ agent: t.u64(), group: t.string() }, (ctx, { agent, group }) => {
  asMember(ctx, desk => leave(desk, desk.own(agent).agent, group));
});
