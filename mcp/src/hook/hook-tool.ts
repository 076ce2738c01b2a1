// The hidden tool `hook`: a hook of Claude Code calls it in the running server, so that no process starts for each event.

import * as z from 'zod';
import type { AgentSession } from '../agent/agent-session.ts';
import { priorityOf, type MailEntry } from '../mail/entry.ts';
import type { Tool } from '../tools/tool.ts';
import { hookOutput } from './hook-output.ts';
import { isUrgent } from './hook-words.ts';

const Input = z.looseObject({ event: z.string().default(''), active: z.union([z.string(), z.boolean()]).optional() });

/** Entries that a hook has announced to a session. */
const announced = new WeakMap<AgentSession, WeakSet<MailEntry>>();

/** The hidden tool. Its text is the output of the hook. */
export const hookTool: Tool = {
  name: 'hook',
  description: 'For hooks of the client.',
  input: Input,
  output: z.looseObject({}),
  annotations: { readOnlyHint: true, openWorldHint: false },
  isCore: true,
  isAlwaysLoaded: false,
  isHidden: true,
  async run(session, given) {
    const { event, active } = Input.parse(given ?? {});
    // A hook only looks: it connects no session that the model has not used, and waits for none.
    if (!session.connected) return Promise.resolve({});
    const known = announced.get(session) ?? new WeakSet();
    announced.set(session, known);
    const { mailbox } = session;
    const fresh = mailbox.list().filter(entry => mailbox.isNew(entry) && !known.has(entry));
    const mail = fresh.map(entry => ({ id: entry.id, priority: priorityOf(entry) }));
    const output = hookOutput('claude', event, mail, String(active) === 'true');
    if (!output) return {};
    for (const [at, entry] of fresh.entries()) {
      const each = mail[at];
      if (each && (event !== 'PostToolUse' || isUrgent(each))) known.add(entry);
    }
    return output;
  },
};
