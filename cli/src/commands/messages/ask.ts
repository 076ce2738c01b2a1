// `agora ask`: a question, and its answer.

import { createInterface } from 'node:readline/promises';
import type { AgoraClient, Answer, PendingAnswer } from '@agora/client';
import { z } from 'zod';
import { actAs } from '../../acting.ts';
import { defineCommand } from '../../command.ts';
import type { Context } from '../../context.ts';
import { EXIT } from '../../exit-code.ts';
import { showValue } from '../../message-text.ts';
import { payloadOf, readPayload } from '../../payload.ts';
import { duration } from '../../usage.ts';
import { optionsOf, sendingInput } from './sending.ts';

export default defineCommand({
  input: z.object({ to: z.string(), ...sendingInput, timeout: duration, progress: z.boolean().default(false) }),
  async run(context, { to, timeout: timeoutMs, progress, ...input }) {
    const payload = await readPayload(context, input);
    const { client, leave } = await asker(context);
    try {
      const { signal } = context;
      const question = { to, payload, ...optionsOf(input), timeoutMs, signal };
      await showAnswer(context, await answered(context, client.ask(question), progress), timeoutMs);
    } finally {
      await leave();
    }
  },
});

interface Asker {
  readonly client: AgoraClient;
  readonly leave: () => Promise<void>;
}

/** Without a name, somebody who is there for this question only: answers are for who asks, and two of one name would mix. */
async function asker(context: Context): Promise<Asker> {
  if (context.settings.agent !== undefined) return { client: await actAs(context), leave: () => Promise.resolve() };
  const client = await context.connect(`cli-ask-${crypto.randomUUID().slice(0, 13)}`);
  await client.registerAgent({ agentType: 'person' });
  return {
    client,
    // Where the connection is lost for good, there is nobody to say it to.
    leave: () => client.unregisterAgent().catch(() => undefined),
  };
}

/** Waits for the answer, and shows meanwhile how far it is. */
async function answered({ output }: Context, pending: PendingAnswer, progress: boolean): Promise<Answer> {
  if (!progress) return pending;
  // The loop ends with the question, however that ends; awaiting tells how.
  for await (const { seq, data, at } of pending) {
    if (output.isJson) await output.data({ progress: { seq, data, at } }, () => '');
    else output.note(output.paint('dim', `… ${showValue(data)}`));
  }
  return pending;
}

async function showAnswer(context: Context, answer: Answer, timeoutMs: number): Promise<void> {
  const { output, world } = context;
  const { messageId, from, status } = answer;
  switch (answer.status) {
    case 'success':
      return output.data({ messageId, from, status, data: answer.data ?? null }, () => showValue(answer.data ?? ''));
    case 'error':
      context.exit = EXIT.answer;
      if (output.isJson) return output.data({ messageId, from, status, error: answer.error }, () => '');
      return output.note(`${output.paint('red', 'error')} ${from} answers: ${answer.error}`);
    case 'input_required': {
      if (world.stdin.isTTY === true && output.isTerminal) {
        const typed = await prompt(context, `${from} asks: ${showValue(answer.question)}\n> `);
        const pending = answer.reply(payloadOf(typed), { timeoutMs, signal: context.signal });
        return showAnswer(context, await pending, timeoutMs);
      }
      context.exit = EXIT.answer;
      if (output.isJson) return output.data({ messageId, from, status, question: answer.question }, () => '');
      return output.note(`${from} asks back, and only a terminal can answer: ${showValue(answer.question)}`);
    }
  }
}

async function prompt({ world, signal }: Context, question: string): Promise<string> {
  const terminal = createInterface({ input: world.stdin, output: world.stderr });
  try {
    return await terminal.question(question, { signal });
  } finally {
    terminal.close();
  }
}
