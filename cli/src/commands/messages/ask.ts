// `agora ask`: sends a question, and prints its answer.

import { createInterface } from 'node:readline/promises';
import type { AgoraClient, Answer, PendingAnswer } from '@agora/client';
import { LIMITS } from '@agora/module/contract';
import { z } from 'zod';
import { EXIT, hasCode } from '../../base/cli-error.ts';
import { durationWithin } from '../../base/flag-schemas.ts';
import { formatDuration } from '../../base/size.ts';
import { manyLines } from '../../base/printable-text.ts';
import { actAs } from '../../command/act-as.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand } from '../../command/command.ts';
import { showValue } from '../../command/message-text.ts';
import { payloadOf, readPayload } from '../../command/payload.ts';
import { sendOptionsOf, sendFlags } from './send-flags.ts';

export default defineCommand({
  input: z.object({
    to: z.string(),
    ...sendFlags,
    timeout: durationWithin(1, LIMITS.answerWithinMs),
    progress: z.boolean().default(false),
  }),
  async run(context, { to, timeout: timeoutMs, progress, ...input }) {
    const { output } = context;
    const payload = await readPayload(context, input);
    const { client, leave } = await connectAsker(context);
    try {
      const pending = client.ask({ to, payload, ...sendOptionsOf(input), timeoutMs });
      pending.catch(() => undefined);
      const absent = output.isJson ? undefined : await absenceOf(client, to);
      if (absent) output.note(`${absent}; the question waits for ${formatDuration(timeoutMs)}.`);
      const answer = await waitForAnswer(context, pending, progress).catch((error: unknown) => {
        if (hasCode(error, 'message/no-answer') && !absent) {
          output.note(`${to} is online: it may have no handler for the type "${input.type}"; --type names another.`);
        }
        throw error;
      });
      await showAnswer(context, answer, timeoutMs);
    } finally {
      await leave();
    }
  },
});

/** Returns why no agent can answer now; undefined if one can, or if that is not known. */
async function absenceOf(client: AgoraClient, to: string): Promise<string | undefined> {
  if (to.startsWith('#')) return undefined;
  if (to.startsWith('@')) {
    const able = await client.findAgents({ capabilities: [to.slice(1)], presence: 'online' });
    return able.length === 0 ? `No agent with the capability ${to.slice(1)} is online` : undefined;
  }
  const [agent] = await client.findAgents({ name: to });
  return agent && agent.presence !== 'online' ? `${to} is ${agent.presence}` : undefined;
}

interface Asker {
  readonly client: AgoraClient;
  readonly leave: () => Promise<void>;
}

/** Without `--as`, a temporary agent: two processes that share one agent would receive each other's answers. */
async function connectAsker(context: CommandContext): Promise<Asker> {
  if (context.settings.agent !== undefined) return { client: await actAs(context), leave: () => Promise.resolve() };
  const client = await context.connect(`cli-ask-${crypto.randomUUID().slice(0, 13)}`);
  await client.registerAgent({ agentType: 'person' });
  return {
    client,
    // Without a connection the hub cannot be notified.
    leave: () => client.unregisterAgent().catch(() => undefined),
  };
}

/** Waits for the answer. When the command is aborted, cancels the question first. */
async function waitForAnswer(context: CommandContext, pending: PendingAnswer, progress: boolean): Promise<Answer> {
  const { signal } = context;
  const cancel = () => void pending.cancel('the asker stopped waiting').catch(() => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    return await withProgress(context, pending, progress);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Prints the progress until the answer arrives. */
async function withProgress({ output }: CommandContext, pending: PendingAnswer, progress: boolean): Promise<Answer> {
  if (!progress) return pending;
  // The loop ends when the question ends; awaiting `pending` returns or throws its result.
  for await (const { seq, data, at } of pending) {
    if (output.isJson) await output.data({ progress: { seq, data, at } }, () => '');
    else output.note(output.paint('dim', `… ${showValue(data)}`));
  }
  return pending;
}

async function showAnswer(context: CommandContext, answer: Answer, timeoutMs: number): Promise<void> {
  const { output, io } = context;
  const { messageId, from, status } = answer;
  switch (answer.status) {
    case 'success':
      return output.data({ messageId, from, status, data: answer.data ?? null }, () => showValue(answer.data ?? ''));
    case 'error':
      context.exit = EXIT.answer;
      if (output.isJson) return output.data({ messageId, from, status, error: answer.error }, () => '');
      return output.note(`${output.paint('red', 'error')} ${from} answers: ${manyLines(answer.error)}`);
    case 'input_required': {
      if (io.stdin.isTTY === true && output.isTerminal) {
        const typed = await prompt(context, `${from} asks: ${showValue(answer.question)}\n> `);
        const pending = answer.reply(payloadOf(typed), { timeoutMs });
        return showAnswer(context, await waitForAnswer(context, pending, false), timeoutMs);
      }
      context.exit = EXIT.answer;
      if (output.isJson) return output.data({ messageId, from, status, question: answer.question }, () => '');
      return output.note(`${from} asks back, which needs a terminal to reply: ${showValue(answer.question)}`);
    }
  }
}

async function prompt({ io, signal }: CommandContext, question: string): Promise<string> {
  const terminal = createInterface({ input: io.stdin, output: io.stderr });
  try {
    return await terminal.question(question, { signal });
  } finally {
    terminal.close();
  }
}
