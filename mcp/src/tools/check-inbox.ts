import * as z from 'zod';
import { inbox } from './fields.ts';
import { inboxPage } from './inbox-page.ts';
import { defineTool } from './tool.ts';

const MAX_LIMIT = 50;
const DEFAULT_LIMIT = 20;

/** `check_inbox`: headlines of the open mail. */
export const checkInbox = defineTool({
  name: 'check_inbox',
  description:
    'Headlines of your open mail, most urgent first. Kinds: message and broadcast (settle done), ask (settle answer), task (settle answer with the output), answer, timeout, dead, expired (about what you sent). Mail stays here until you settle it.',
  input: z.object({
    cursor: z.string().optional().describe('next_cursor of the last answer'),
    limit: z
      .number()
      .int()
      .min(1)
      .max(MAX_LIMIT)
      .default(DEFAULT_LIMIT)
      .describe(`1-${MAX_LIMIT}, default ${DEFAULT_LIMIT}`),
  }),
  output: z.looseObject({ mail: z.array(z.looseObject({ id: z.string() })), inbox }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  isCore: true,
  isAlwaysLoaded: true,
  async run(session, { cursor, limit }, call) {
    await session.open();
    return inboxPage(session, cursor, limit, call);
  },
});
