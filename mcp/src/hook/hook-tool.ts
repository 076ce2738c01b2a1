// The hidden tool `hook`: a hook of Claude Code calls it in the running server, so that no process starts for each event.

import * as z from 'zod';
import { priorityOf } from '../mail/entry.ts';
import type { Tool } from '../tools/tool.ts';
import { announcedBy, hookOutput } from './hook-output.ts';

const Advertised = z.looseObject({ event: z.string().default('') });
/** Clients send `active` as text or as a boolean; a list of types in a schema is not portable, so it is not advertised. */
const Input = Advertised.extend({ active: z.union([z.string(), z.boolean()]).optional() });

/** The hidden tool. Its text is the output of the hook. */
export const hookTool: Tool = {
  name: 'hook',
  description: 'For hooks of the client.',
  input: Advertised,
  output: z.looseObject({}),
  annotations: { readOnlyHint: true, openWorldHint: false },
  isCore: true,
  isAlwaysLoaded: false,
  isHidden: true,
  async run(session, given) {
    const { event, active } = Input.parse(given ?? {});
    // A hook only looks: it connects no session that the model has not used, and waits for none.
    if (!session.connected) return {};
    const known = await session.announced?.read();
    const { mailbox } = session;
    const fresh = mailbox.list().filter(entry => mailbox.isNew(entry) && known?.has(entry.id) !== true);
    const mail = fresh.map(entry => ({ id: entry.id, priority: priorityOf(entry) }));
    const output = hookOutput('claude', event, mail, String(active) === 'true');
    if (!output) return {};
    await session.announced?.add(announcedBy('claude', event, mail));
    return output;
  },
};
