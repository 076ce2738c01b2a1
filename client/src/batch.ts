// Batches: several acts in one call and one transaction, never merged with other acts.

import { LIMITS } from '@agora/module/contract';
import type { Act, Acts } from './acts/acts.ts';
import { fenceOf, type FenceOption } from './acts/fence.ts';
import type { Settlement } from './acts/settlement.ts';
import { AgoraError, refusedActs } from './base/errors.ts';
import type { Events, OutgoingEvent } from './events/events.ts';
import type { IncomingMessage } from './receive/incoming-message.ts';
import { ANSWER, toJson } from './base/json.ts';
import type { EventTypeName, MessageTypeName, NoTypes } from './wire/message-types.ts';
import { destinationOf, type ForwardOptions, type Messages, type OutgoingMessage } from './send/messages.ts';
import type { SendSpan, Spans } from './trace/spans.ts';
import type { Tracing } from './trace/tracing.ts';

/** One act of a batch. */
export type BatchAct<Types = NoTypes> =
  | ({ readonly do: 'send' } & EachMessage<MessageTypeName<Types>, Types>)
  | ({ readonly do: 'publish' } & EachEvent<EventTypeName<Types>, Types>)
  | ({ readonly do: 'forward'; readonly message: IncomingMessage | string } & ForwardOptions)
  | { readonly do: 'cancel'; readonly messageId: string; readonly reason?: string }
  | { readonly do: 'acknowledge'; readonly message: IncomingMessage }
  | { readonly do: 'respond'; readonly message: IncomingMessage; readonly data: unknown }
  | { readonly do: 'respondError'; readonly message: IncomingMessage; readonly error: string }
  | { readonly do: 'fail'; readonly message: IncomingMessage; readonly reason: string; readonly retry?: boolean };

type EachMessage<Type extends string, Types> = Type extends string ? OutgoingMessage<Type, Types> : never;
type EachEvent<Type extends string, Types> = Type extends string ? OutgoingEvent<Type, Types> : never;

/** The parts of the client that a batch needs. */
export interface BatchParts {
  readonly acts: Acts;
  readonly messages: Messages;
  readonly events: Events;
  readonly tracing: Tracing;
}

/** Options of a batch. */
export type BatchOptions = FenceOption;

/** A converted batch. */
interface Made {
  /** Ids of the messages and events, in order. */
  readonly ids: string[];
  readonly settled: IncomingMessage[];
  /** Pending checks of async schemas. */
  readonly checks: Promise<void>[];
}

/** Performs all acts or none. Returns the ids of the messages and events, in order. */
export function performBatch(
  parts: BatchParts,
  batch: readonly BatchAct[],
  options: BatchOptions = {},
): Promise<readonly string[]> {
  const { spans } = parts.tracing;
  if (!spans) return perform(parts, batch, options);
  const created: SendSpan[] = [];
  const traced = batch.map(each => {
    const span = createdBy(spans, each);
    if (span) created.push(span);
    return span ? { ...each, id: span.id, trace: span.trace } : each;
  });
  return spans.batch(created, () => perform(parts, traced, options));
}

function createdBy(spans: Spans, each: BatchAct): SendSpan | undefined {
  switch (each.do) {
    case 'send':
      return spans.create(destinationOf(each), each.messageType, each);
    case 'forward':
      return spans.create(destinationOf(each), '', each);
    case 'publish':
      return spans.create(each.eventType, each.eventType, each);
    default:
      return undefined;
  }
}

async function perform(
  parts: BatchParts,
  batch: readonly BatchAct[],
  { claim }: BatchOptions,
): Promise<readonly string[]> {
  if (batch.length === 0) throw new AgoraError('call/empty', 'the batch is empty');
  if (batch.length > LIMITS.acts - (claim ? 1 : 0)) {
    throw new AgoraError(
      'call/too-many-acts',
      `${batch.length} acts were given; ${LIMITS.acts} are allowed in a batch`,
    );
  }
  const made: Made = { ids: [], settled: [], checks: [] };
  try {
    const acts = batch.map(each => actOf(parts, each, made, claim !== undefined));
    if (claim) acts.unshift(fenceOf(claim, acts.length));
    if (made.checks.length > 0) await Promise.all(made.checks);
    await new Promise<void>((resolve, reject) => {
      parts.acts.performBatch(acts, error => (error ? reject(error) : resolve()));
    });
    return made.ids;
  } catch (error) {
    for (const message of made.settled) message.reopen();
    throw claim ? withoutFence(error) : error;
  }
}

/** Returns the refusal of a fenced batch as its caller counts the acts: that of the fence, or those of the acts behind it. */
function withoutFence(error: unknown): unknown {
  if (!(error instanceof AgoraError)) return error;
  const fence = error.refusals.find(({ act }) => act === 0);
  if (fence) return new AgoraError(fence.code, fence.message, { cause: error });
  if (error.refusals.length === 0) return error;
  return refusedActs(
    error.refusals.map(each => ({ ...each, act: each.act - 1 })),
    error,
  );
}

function actOf(
  { messages, events }: BatchParts,
  each: BatchAct,
  { ids, settled, checks }: Made,
  isFenced: boolean,
): Act {
  if ('claim' in each && each.claim)
    throw new AgoraError('client/bad-option', 'a batch names one claim, in its options and not in an act');
  const settle = (message: IncomingMessage, act: (settlement: Settlement) => Act) => {
    const made = message.settleInBatch(act, isFenced);
    settled.push(message);
    return made;
  };
  switch (each.do) {
    case 'send': {
      const act = messages.actOf(each, 0);
      note(messages.check(each, act), checks);
      ids.push(act.value.id);
      return act;
    }
    case 'forward': {
      const act = messages.forwardOf(each.message, each);
      ids.push(act.value.id);
      return act;
    }
    case 'cancel':
      return messages.cancelOf(each.messageId, each.reason ?? '');
    case 'publish': {
      const act = events.actOf(each);
      note(events.check(act), checks);
      ids.push(act.value.id);
      return act;
    }
    case 'acknowledge':
      return settle(each.message, duty => duty.acknowledge());
    case 'respond': {
      const output = toJson(each.data ?? null, ANSWER);
      note(each.message.checkAnswer(output), checks);
      return settle(each.message, duty => duty.finish(output));
    }
    case 'respondError':
      return settle(each.message, duty => duty.respondError(each.error));
    case 'fail':
      return settle(each.message, duty => duty.fail(each.reason, each.retry ?? true));
  }
}

function note(check: Promise<void> | undefined, checks: Promise<void>[]): void {
  if (!check) return;
  // If another act is refused first, no caller awaits this check.
  check.catch(() => undefined);
  checks.push(check);
}
