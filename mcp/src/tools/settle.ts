import * as z from 'zod';
import type { AgentSession } from '../agent/agent-session.ts';
import { McpError } from '../base/mcp-error.ts';
import { isMessage, type MessageEntry } from '../mail/entry.ts';
import { awaitAnswer } from './await-answer.ts';
import { id, inbox } from './fields.ts';
import { defineTool } from './tool.ts';
import { DEFAULT_WAIT_S } from './waiting.ts';

const WAYS = ['answer', 'done', 'fail', 'progress', 'ask_back'] as const;

const Input = z.object({
  id,
  how: z.enum(WAYS),
  text: z.string().optional().describe('the answer, question, progress, or reason of a failure'),
  data: z.record(z.string(), z.unknown()).optional().describe('the same as a JSON object, instead of text'),
  retry: z.boolean().default(false).describe('fail only: true lets the hub deliver it again later'),
});
type Input = z.output<typeof Input>;

/** `settle`: ends a message that the agent holds, or reports on it. */
export const settle = defineTool({
  name: 'settle',
  description:
    'Ends a message of your inbox: answer (ask: its answer; task: its output), done (read, nothing to answer), fail (text is the reason). progress reports to the asker and keeps it open. ask_back asks the asker; the reply comes as a new message. With the id of your own ask that came back as input_required, answer sends your reply.',
  input: Input,
  output: z.looseObject({ id: z.string(), status: z.string(), inbox }),
  annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
  isCore: true,
  isAlwaysLoaded: true,
  async run(session, input, call) {
    await session.open();
    const entry = session.mailbox.findMessage(input.id);
    if (entry) return settleMessage(session, entry, input);
    const reply = input.how === 'answer' ? session.takeReply(input.id) : undefined;
    if (reply) {
      const pending = reply(valueOf(input));
      const question = session.mailbox.findNotice(input.id);
      if (question) await session.mailbox.dismiss(question);
      return awaitAnswer(session, pending, DEFAULT_WAIT_S, call);
    }
    const notice = session.mailbox.find(input.id);
    if (notice && !isMessage(notice)) {
      await session.mailbox.dismiss(notice);
      return { id: input.id, status: 'done' };
    }
    throw notHeld(session, input.id);
  },
});

async function settleMessage({ mailbox }: AgentSession, entry: MessageEntry, input: Input): Promise<object> {
  const { message, id } = entry;
  const { how } = input;
  switch (how) {
    case 'answer':
      await message.respond(valueOf(input));
      break;
    case 'done':
      await message.ack();
      break;
    case 'fail':
      await message.fail(input.text ?? JSON.stringify(input.data ?? 'no reason given'), { retry: input.retry });
      break;
    case 'ask_back':
      await message.requireInput(valueOf(input));
      break;
    case 'progress':
      if (message.kind !== 'ask') throw cannotReport(message.kind);
      await message.progress(valueOf(input));
      return { id, status: 'open' };
  }
  mailbox.settled(entry);
  return { id, status: how };
}

/** A text becomes `{text}`, as in messages. */
function valueOf({ text, data, how }: Input): unknown {
  if (data !== undefined) return data;
  if (text !== undefined) return { text };
  throw new McpError('mcp/bad-input', `"${how}" needs text or data.`, 'Call settle again with one of them.');
}

function cannotReport(kind: string): McpError {
  const sentence = `No agent waits for progress of a ${kind}; only an ask has an asker.`;
  return new McpError('mcp/cannot-settle', sentence, 'End it with answer, done or fail.');
}

function notHeld({ mailbox }: AgentSession, id: string): McpError {
  const open = mailbox.list().map(entry => entry.id);
  const sentence = `You hold no message ${id}: it was settled, or the hub has taken it back.`;
  return new McpError('mcp/not-held', sentence, `Open messages: ${open.slice(0, 10).join(', ') || 'none'}.`);
}
