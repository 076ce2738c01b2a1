// The Messages API, which Claude Code speaks, as far as the checks need it.

import { z } from 'zod';
import { sendEvent, type ModelApi } from './model.ts';

const Body = z.looseObject({
  stream: z.boolean().optional(),
  tools: z.array(z.unknown()).default([]),
  messages: z.array(z.unknown()).default([]),
});

const USAGE = { input_tokens: 10, output_tokens: 5 };

export const messagesApi: ModelApi = {
  newestOf(path, body) {
    const { success, data } = Body.safeParse(body);
    // Requests without tools are for titles and the like.
    const isTurn = success && path.endsWith('/v1/messages') && data.tools.length > 0;
    return isTurn ? JSON.stringify(data.messages.at(-1)) : undefined;
  },
  reply(response, step, count) {
    response.setHeader('content-type', 'text/event-stream');
    const isCall = 'tool' in step;
    const message = {
      ...{ id: `msg_${count}`, type: 'message', role: 'assistant', model: 'stand-in', content: [] },
      ...{ stop_reason: null, stop_sequence: null, usage: USAGE },
    };
    sendEvent(response, 'message_start', { message });
    const block = isCall
      ? { type: 'tool_use', id: `toolu_${count}`, name: `mcp__agora__${step.tool}`, input: {} }
      : { type: 'text', text: '' };
    sendEvent(response, 'content_block_start', { index: 0, content_block: block });
    const delta = isCall
      ? { type: 'input_json_delta', partial_json: JSON.stringify(step.input) }
      : { type: 'text_delta', text: step.text };
    sendEvent(response, 'content_block_delta', { index: 0, delta });
    sendEvent(response, 'content_block_stop', { index: 0 });
    const end = { stop_reason: isCall ? 'tool_use' : 'end_turn', stop_sequence: null };
    sendEvent(response, 'message_delta', { delta: end, usage: { output_tokens: 5 } });
    sendEvent(response, 'message_stop', {});
    response.end();
  },
  replyOther(response, path, body) {
    response.setHeader('content-type', 'application/json');
    if (path.endsWith('count_tokens')) return void response.end('{"input_tokens":10}');
    const { success, data } = Body.safeParse(body);
    if (!path.endsWith('/v1/messages') || !success) return void response.end('{}');
    if (data.stream) return this.reply(response, { text: 'ok' }, 0);
    const content = [{ type: 'text', text: 'ok' }];
    const message = { id: 'msg_0', type: 'message', role: 'assistant', model: 'stand-in', content };
    response.end(JSON.stringify({ ...message, stop_reason: 'end_turn', stop_sequence: null, usage: USAGE }));
  },
};
