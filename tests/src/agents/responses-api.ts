// The Responses API, which Codex speaks, as far as the checks need it.

import { z } from 'zod';
import { sendEvent, type ModelApi } from './model.ts';

/** An item of a conversation: the result of a tool, or a message. Ids of Codex are left out, since they look like those of messages. */
const Item = z.object({ output: z.unknown(), content: z.unknown() }).partial();
const Body = z.looseObject({ input: z.array(Item) });

const USAGE = {
  ...{ input_tokens: 10, input_tokens_details: { cached_tokens: 0 } },
  ...{ output_tokens: 5, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 15 },
};

export const responsesApi: ModelApi = {
  newestOf(path, body) {
    const { success, data } = Body.safeParse(body);
    return success && path.endsWith('/responses') ? JSON.stringify(data.input.at(-1)) : undefined;
  },
  reply(response, step, count) {
    response.setHeader('content-type', 'text/event-stream');
    const id = `resp_${count}`;
    const item =
      'tool' in step
        ? {
            ...{ type: 'function_call', id: `fc_${count}`, call_id: `call_${count}`, status: 'completed' },
            ...{ name: step.tool, namespace: 'mcp__agora', arguments: JSON.stringify(step.input) },
          }
        : {
            ...{ type: 'message', id: `msg_${count}`, role: 'assistant', status: 'completed' },
            content: [{ type: 'output_text', text: step.text, annotations: [] }],
          };
    sendEvent(response, 'response.created', { response: { id } });
    sendEvent(response, 'response.output_item.done', { output_index: 0, item });
    sendEvent(response, 'response.completed', { response: { id, usage: USAGE, output: [item] } });
    response.end();
  },
  replyOther(response) {
    response.statusCode = 404;
    response.end('{}');
  },
};
