import { LIMITS } from '@agora/module/contract';
import * as z from 'zod';
import { awaitAnswer } from './await-answer.ts';
import { inbox, messageOf, outgoing, timeout_s } from './fields.ts';
import { defineTool } from './tool.ts';

const DEFAULT_DEADLINE_S = 3_600;
const MAX_DEADLINE_S = LIMITS.answerWithinMs / 1_000;

/** `ask`: a message that expects an answer. A late answer comes to the inbox. */
export const ask = defineTool({
  name: 'ask',
  description:
    'Sends a question and waits for the answer. Status "waiting" is no error: the answer comes to your inbox later, under the same id; do not ask again.',
  input: z.object({
    ...outgoing,
    timeout_s,
    deadline_s: z
      .number()
      .min(1)
      .max(MAX_DEADLINE_S)
      .default(DEFAULT_DEADLINE_S)
      .describe(`seconds until the question expires, up to ${MAX_DEADLINE_S}, default ${DEFAULT_DEADLINE_S}`),
  }),
  output: z.looseObject({ id: z.string(), status: z.string(), inbox }),
  annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
  isCore: true,
  isAlwaysLoaded: true,
  async run(session, input, call) {
    const client = await session.open();
    const pending = client.ask({ ...messageOf(input), timeoutMs: input.deadline_s * 1_000 });
    return awaitAnswer(session, pending, Math.min(input.timeout_s, input.deadline_s), call);
  },
});
