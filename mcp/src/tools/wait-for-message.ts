import * as z from 'zod';
import type { AgentSession } from '../agent/agent-session.ts';
import type { WaitEnd } from '../mail/mailbox.ts';
import { inbox, timeout_s } from './fields.ts';
import { inboxPage } from './inbox-page.ts';
import { defineTool } from './tool.ts';
import { waitMs, withProgress } from './waiting.ts';

const LIMIT = 20;

/** `wait_for_message`: waits until there is new mail. */
export const waitForMessage = defineTool({
  name: 'wait_for_message',
  description:
    'Waits for new mail and returns its headlines, or an empty list after timeout_s. Do not call it in a loop.',
  input: z.object({ timeout_s }),
  output: z.looseObject({ mail: z.array(z.looseObject({ id: z.string() })), waited_s: z.number(), inbox }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  isCore: true,
  isAlwaysLoaded: true,
  async run(session, input, call) {
    await session.open();
    const startedAt = performance.now();
    const waiting = session.mailbox.waitForNew(waitMs(input.timeout_s, call), call.signal);
    const end = await withProgress(call, 'no mail yet', waiting);
    const waited_s = Math.round((performance.now() - startedAt) / 100) / 10;
    if (end === 'mail') return { ...inboxPage(session, undefined, LIMIT, call), waited_s };
    return { mail: [], waited_s, ended: end, next: nextStep(session, end) };
  },
});

function nextStep(session: AgentSession, end: WaitEnd): string {
  if (end === 'superseded') return 'A newer wait of this agent has replaced this one.';
  const { open } = session.mailbox.counts();
  const rest = open > 0 ? `${open} messages are still open: settle them (check_inbox). ` : '';
  if (session.isWoken) return `${rest}End your turn; you will be woken when mail comes.`;
  return `${rest}Continue other work, or end your turn and check the inbox at the start of the next one.`;
}
