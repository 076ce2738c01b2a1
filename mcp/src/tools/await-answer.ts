// Waiting for the answer to an ask within the bound of one call. An ask outlives the call: a later answer is a notice.

import { AgoraError, type Answer, type PendingAnswer } from '@agora/client';
import type { AgentSession } from '../agent/agent-session.ts';
import { clip, jsonBytes, MAX_ANSWER_BYTES, RESERVED_BYTES } from '../base/size.ts';
import type { ToolCall } from './tool.ts';
import { waitMs, withProgress } from './waiting.ts';

/** The answer, or the status `waiting` when the call may wait no longer. Throws what the hub refuses. */
export async function awaitAnswer(
  session: AgentSession,
  pending: PendingAnswer,
  timeout_s: number,
  call: ToolCall,
): Promise<object> {
  const { messageId: id } = pending;
  let progress: unknown;
  void followProgress(pending, data => (progress = data));
  const settled = pending.then(answer => {
    if (answer.status === 'input_required') session.keepReply(id, answer.reply);
    return answer;
  });
  try {
    const answer = await withProgress(
      call,
      'waiting for the answer',
      within(settled, waitMs(timeout_s, call), call.signal),
    );
    if (answer !== undefined) return showAnswer(session, answer, call);
    return { id, status: 'waiting', ...smallProgress(progress), next: nextStep(session) };
  } catch (error) {
    if (!(error instanceof AgoraError) || error.code !== 'message/no-answer') throw error;
    dismissOnDelivery(session, id, call);
    return { id, status: 'no_answer', next: 'The deadline has passed. Choose another agent (find_agents).' };
  }
}

/** The answer as a result. Its notice leaves the inbox once the result is on its way. */
function showAnswer(session: AgentSession, answer: Answer, call: ToolCall): object {
  const { messageId: id, from, status } = answer;
  const shared = { id, status, from, verified: true };
  if (answer.status === 'error') {
    dismissOnDelivery(session, id, call);
    return { ...shared, error: clip(answer.error) };
  }
  const isQuestion = answer.status === 'input_required';
  const body = (isQuestion ? answer.question : answer.data) ?? null;
  if (jsonBytes(body) > MAX_ANSWER_BYTES - RESERVED_BYTES) {
    // A long answer stays in the inbox, where it is read in parts.
    return { ...shared, bytes: jsonBytes(body), next: `Too long for one answer: call read_message with id ${id}.` };
  }
  dismissOnDelivery(session, id, call);
  if (!isQuestion) return { ...shared, body };
  return { ...shared, question: body, next: 'Reply with settle: this id, how "answer".' };
}

function dismissOnDelivery({ mailbox }: AgentSession, id: string, { onDelivered }: ToolCall): void {
  onDelivered(async () => {
    const entry = mailbox.findNotice(id);
    if (entry) await mailbox.dismiss(entry);
  });
}

async function followProgress(pending: PendingAnswer, take: (data: unknown) => void): Promise<void> {
  for await (const { data } of pending) take(data);
}

function smallProgress(progress: unknown): object {
  return progress === undefined || jsonBytes(progress) > RESERVED_BYTES ? {} : { progress };
}

function nextStep({ isWoken }: AgentSession): string {
  return isWoken
    ? 'Continue other work or end your turn; you will be woken when the answer comes to your inbox.'
    : 'Continue other work; call wait_for_message or check_inbox later for the answer.';
}

/** The value if it comes in time; undefined after `ms` or when `signal` aborts. */
async function within<Value>(settled: Promise<Value>, ms: number, signal: AbortSignal): Promise<Value | undefined> {
  // The call may end before the ask does.
  settled.catch(() => undefined);
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  const end = () => resolve(undefined);
  const timer = setTimeout(end, ms);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([settled, ended]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}
