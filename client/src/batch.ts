// Batches: several acts in one call and one transaction, never merged with other acts.

import { LIMITS } from '@agora/module/contract';
import type { Act, Acts } from './acts/acts.ts';
import { AgoraError } from './base/errors.ts';
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
export interface BatchOptions {
  /** A held claim: the batch is refused with `claim/outdated` unless it is still held with this number. */
  readonly claim?: { readonly id: string; readonly number: number } | undefined;
}

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
    const acts = batch.map(each => actOf(parts, each, made));
    // Last, so that refusals keep the positions of the acts.
    if (claim) acts.push({ tag: 'Fence', value: { claim: claim.id, number: BigInt(claim.number) } });
    if (made.checks.length > 0) await Promise.all(made.checks);
    await new Promise<void>((resolve, reject) => {
      parts.acts.performBatch(acts, error => (error ? reject(error) : resolve()));
    });
    return made.ids;
  } catch (error) {
    for (const message of made.settled) message.reopen();
    throw outdatedClaim(error) ?? error;
  }
}

/** Returns the refusal of the fence, if that is among the refused acts. */
function outdatedClaim(error: unknown): AgoraError | undefined {
  if (!(error instanceof AgoraError)) return undefined;
  const { refusals } = error;
  const fence = refusals.find(({ code }) => code === 'claim/outdated');
  return fence && new AgoraError(fence.code, fence.message, { cause: error, refusals });
}

function actOf({ messages, events }: BatchParts, each: BatchAct, { ids, settled, checks }: Made): Act {
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
      return settle(each.message, settled, message => message.settleInBatch(duty => duty.acknowledge()));
    case 'respond': {
      const output = toJson(each.data ?? null, ANSWER);
      note(each.message.checkAnswer(output), checks);
      return settle(each.message, settled, message => message.settleInBatch(duty => duty.finish(output)));
    }
    case 'respondError':
      return settle(each.message, settled, message => message.settleInBatch(duty => duty.respondError(each.error)));
    case 'fail':
      return settle(each.message, settled, message =>
        message.settleInBatch(duty => duty.fail(each.reason, each.retry ?? true)),
      );
  }
}

function settle(message: IncomingMessage, settled: IncomingMessage[], act: (message: IncomingMessage) => Act): Act {
  const made = act(message);
  settled.push(message);
  return made;
}

function note(check: Promise<void> | undefined, checks: Promise<void>[]): void {
  if (!check) return;
  // If another act is refused first, no caller awaits this check.
  check.catch(() => undefined);
  checks.push(check);
}
