// The keys of the options of calls, checked before each call: plain JavaScript would lose a misspelled one silently.

import { checkKeys, unknownKey, type Keys } from '../base/known-keys.ts';
import { AgoraError } from '../base/errors.ts';
import { WAIT_OPTIONS, type WaitOptions } from '../base/waiting.ts';
import type { BatchAct, BatchOptions } from '../batch.ts';
import type { CloseOptions, CoordinationQuery, EventRequest, WatchOptions } from '../client-types.ts';
import type { ReceiveOptions } from '../agents/own-agent.ts';
import type { ConnectOptions } from '../connection/connection.ts';
import type { EventOptions, OutgoingEvent } from '../events/events.ts';
import type { TakeMailOptions, WaitForMailOptions } from '../receive/mail.ts';
import { checkTrace, DELIVERY, MESSAGE, RECIPIENTS } from '../send/message-keys.ts';
import type { ResumeOptions } from '../send/read-ask.ts';
import type { ServeOptions } from '../serve.ts';
import type { StartOptions } from '../workflows/workflows.ts';
import type { TurnOptions } from '../turns.ts';

const EVENT: Keys<OutgoingEvent> = { eventType: true, data: true, id: true, trace: true, claim: true, signal: true };

/** Checks an event to publish. */
export function checkEvent(event: Omit<OutgoingEvent, 'data'> & { readonly data: unknown }): void {
  checkKeys('the members of an event', event, EVENT);
  checkTrace(event);
}

type ActOf<Name extends BatchAct['do']> = Extract<BatchAct, { readonly do: Name }>;
const ACTS: { readonly [Name in BatchAct['do']]: Keys<ActOf<Name>> } = {
  send: { ...MESSAGE, do: true },
  publish: { ...EVENT, do: true },
  forward: { ...DELIVERY, ...RECIPIENTS, do: true, message: true },
  cancel: { do: true, messageId: true, reason: true },
  acknowledge: { do: true, message: true },
  respond: { do: true, message: true, data: true },
  respondError: { do: true, message: true, error: true },
  fail: { do: true, message: true, reason: true, retry: true },
};

/** Checks the acts of a batch. */
export function checkActs(acts: readonly BatchAct[]): void {
  for (const act of acts) {
    const keys: Keys<BatchAct> | undefined = Object.hasOwn(ACTS, act.do) ? ACTS[act.do] : undefined;
    if (!keys) throw unknownKey('the acts of a batch', act.do, ACTS);
    checkKeys(`the members of the act "${act.do}"`, act, keys);
  }
}

const RESUME: Keys<ResumeOptions> = { onProgress: true, lastSignal: true, signal: true };

/** Checks the options of `resumeAsk`. */
export function checkResume(options: ResumeOptions): void {
  checkKeys('the options of resumeAsk', options, RESUME);
}

const EVENTS: Keys<EventOptions> = { handler: true, from: true, until: true, signal: true };
const EVENT_REQUEST: Keys<EventRequest> = { ...EVENTS, eventTypes: true };

/** Checks the arguments of `subscribeToEvents`. */
export function checkEventRequest(request: EventRequest, options: EventOptions): void {
  checkKeys('the options of an event subscription', request, EVENT_REQUEST);
  checkKeys('the options of an event subscription', options, EVENTS);
  const { eventTypes } = request;
  if (eventTypes === undefined || Array.isArray(eventTypes)) return;
  throw new AgoraError('client/bad-option', `eventTypes is a list, not ${typeof eventTypes}`);
}

const QUERY: Keys<CoordinationQuery> = { type: true, filters: true };
const WORKFLOW_FILTERS: Keys<NonNullable<Extract<CoordinationQuery, { type: 'workflows' }>['filters']>> = {
  status: true,
};
const QUERIES: Record<CoordinationQuery['type'], true> = { agents: true, workflows: true };

/** Checks a query; its filters of agents are checked with those of `findAgents`. */
export function checkQuery(query: CoordinationQuery): void {
  checkKeys('the members of a query', query, QUERY);
  if (!Object.hasOwn(QUERIES, query.type)) throw unknownKey('the types of a query', String(query.type), QUERIES);
  if (query.type === 'workflows' && query.filters)
    checkKeys('the filters of workflows', query.filters, WORKFLOW_FILTERS);
}

const SERVE: Keys<ServeOptions> = {
  messages: true,
  tasks: true,
  otherwise: true,
  events: true,
  concurrency: true,
  signals: true,
  drainMs: true,
  idleMs: true,
  signal: true,
};
const RECEIVE: Keys<ReceiveOptions> = { receives: true, ifServed: true, keepsNotices: true, signal: true };
const START: Keys<StartOptions> = { id: true, metadata: true, claim: true, signal: true };
const TURNS: Keys<TurnOptions> = { limit: true, signals: true, signal: true };
const WAIT_FOR_MAIL: Keys<WaitForMailOptions> = { timeoutMs: true, signal: true };
const TAKE_MAIL: Keys<TakeMailOptions> = { limit: true, signal: true };
const CONNECT: Keys<ConnectOptions> = { retryForMs: true, signal: true };
const CLOSE: Keys<CloseOptions> = { drainMs: true };
const BATCH: Keys<BatchOptions> = { claim: true };
const WATCH: Keys<WatchOptions> = { signal: true };

export const checkServe = (options: ServeOptions) => checkKeys('the options of serve()', options, SERVE);
export const checkReceive = (options: ReceiveOptions) => checkKeys('the options of a registration', options, RECEIVE);
export const checkStart = (options: StartOptions) => checkKeys('the options of a workflow', options, START);
export const checkTurns = (options: TurnOptions) => checkKeys('the options of turns()', options, TURNS);
export const checkWaitForMail = (options: WaitForMailOptions) =>
  checkKeys('the options of waitForMail()', options, WAIT_FOR_MAIL);
export const checkTakeMail = (options: TakeMailOptions) => checkKeys('the options of a call', options, TAKE_MAIL);
export const checkConnect = (options: ConnectOptions) => checkKeys('the options of connect()', options, CONNECT);
export const checkClose = (options: CloseOptions) => checkKeys('the options of close()', options, CLOSE);
export const checkWatch = (options: WatchOptions) => checkKeys('the options of a loop', options, WATCH);
export const checkBatch = (options: BatchOptions) => checkKeys('the options of a batch', options, BATCH);
export const checkWait = (options: WaitOptions) => checkKeys('the options of a call', options, WAIT_OPTIONS);
