import * as z from 'zod';
import { inbox, messageOf, outgoing } from './fields.ts';
import { defineTool } from './tool.ts';

/** `send_message`: a message that needs no answer. */
export const sendMessage = defineTool({
  name: 'send_message',
  description: 'Sends a message and does not wait. Use ask if you need an answer.',
  input: z.object(outgoing),
  output: z.looseObject({ id: z.string(), status: z.string(), inbox }),
  annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
  isCore: true,
  async run(session, input, { signal }) {
    const client = await session.open();
    const { messageId, status } = await client.sendMessage({ ...messageOf(input), signal });
    return { id: messageId, status };
  },
});
