// The keys of messages to send, checked before each call: plain JavaScript would lose a misspelled one silently.

import { checkKeys, type Keys } from '../base/known-keys.ts';
import type { TraceContext } from '../base/trace-context.ts';
import type { AnswerWithin, DeliveryOptions, MessageContent, OutgoingMessage, Recipients } from './messages.ts';

const TRACE: Keys<TraceContext> = { traceparent: true, tracestate: true, baggage: true };
export const RECIPIENTS: Keys<Recipients> = { to: true, toAgent: true };
export const DELIVERY: Keys<DeliveryOptions> = {
  priority: true,
  headers: true,
  trace: true,
  id: true,
  inReplyTo: true,
  delayMs: true,
  deliverAt: true,
  ttlMs: true,
  onBehalfOf: true,
  claim: true,
  signal: true,
};
const CONTENT: Keys<MessageContent> = { ...DELIVERY, messageType: true, payload: true };
export const MESSAGE: Keys<OutgoingMessage> = { ...CONTENT, ...RECIPIENTS };
const ASK: Keys<OutgoingMessage & AnswerWithin> = { ...MESSAGE, timeout: true, timeoutMs: true, onProgress: true };

/** Checks a message to send, or an ask. */
export function checkMessage(message: OutgoingMessage & AnswerWithin): void {
  checkKeys('the members of a message', message, ASK);
  checkTrace(message);
}

/** Checks a broadcast. */
export function checkBroadcast(message: MessageContent): void {
  checkKeys('the members of a broadcast', message, CONTENT);
  checkTrace(message);
}

/** Checks the options of a forwarded message, whose recipients are an argument. */
export function checkForward(options: DeliveryOptions): void {
  checkKeys('the options of a forwarded message', options, DELIVERY);
  checkTrace(options);
}

/** Checks the trace context of a call. */
export function checkTrace({ trace }: { readonly trace?: TraceContext | undefined }): void {
  if (trace !== undefined) checkKeys('the members of a trace', trace, TRACE);
}
