// The error class with stable codes. A refusal crosses the wire as the text `code: sentence` and is parsed here.

import { CODES, type Code as ModuleCode } from '@agora/module/contract';
import { isObject } from './is-object.ts';

/** Codes of errors that the client raises, beside the refusals of the module. */
export const CLIENT_CODES = {
  'connection/refused': 'No server answers at the address.',
  'connection/no-database': 'The server has no database of this name.',
  'connection/bad-token': 'The server does not accept the token.',
  'connection/not-admitted': 'The hub does not admit this identity.',
  'connection/failed': 'The server answers, but a connection could not be opened.',
  'connection/lost': 'The connection was lost and did not come back in time.',
  'connection/other-version': 'The hub and the client have different versions of the contract.',
  'connection/no-web-socket': 'This runtime has no WebSocket.',
  'client/bad-option': 'An option has an invalid value.',
  'client/closed': 'The client was closed.',
  'client/not-connected': 'The client is not connected yet.',
  'client/not-registered': 'The client has not registered its agent yet.',
  'client/new-identity': 'The hub accepted no stored token, so the client is a new identity.',
  'client/unknown-type': 'A message type is not declared, and nearly has the name of one that is.',
  'client/queue-full': 'Too many calls wait for the connection.',
  'client/handler-failed': 'A handler threw.',
  'client/callback-failed': 'A listener or callback of the program threw.',
  'client/not-awaited': 'A call was refused, and its promise has no handler.',
  'client/slow-reader': 'A loop is too slow for the values that it watches.',
  'client/loop-blocked': 'The event loop was blocked for so long that the hub may take messages back.',
  'agent/in-use': 'Another process serves the agent; `ifServed` takes it over or shares it.',
  'agent/taken-over': 'Another process has taken the agent over; this client is closed.',
  'agent/elsewhere': 'Another process is attached to the agent and handles the same messages.',
  'outbox/full': 'The outbox has reached its limit.',
  'outbox/in-use': 'Another client has the outbox open.',
  'outbox/unreadable': 'An item of the outbox cannot be read.',
  'outbox/not-kept': 'The outbox could not be written.',
  'outbox/kept': 'The client ended before the hub had the message, which stays in the outbox.',
  'outbox/expired': 'The message expired before there was a connection.',
  'call/timed-out': 'The server did not answer a call in time.',
  'call/failed': 'The server failed while it ran a call.',
  'message/no-answer': 'No answer within the timeout.',
  'message/settled': 'The message is settled already.',
  'broadcast/expired': 'Broadcasts were deleted before the agent received them.',
  'event/bad-filter': 'An event filter is neither a type, nor a first segment with a wildcard.',
  'event/expired': 'Events from this number on are deleted.',
  'event/ahead': 'There is no event of this number yet.',
  'claim/timed-out': 'The resources of a claim were not free within the timeout.',
  'workflow/timed-out': 'The workflow did not end within the timeout.',
} as const;

/** A code of the module or of the client. */
export type AgoraCode = ModuleCode | keyof typeof CLIENT_CODES;

/** One refused act of a batch: its position, and why. */
export interface ActRefusal {
  readonly act: number;
  readonly code: AgoraCode;
  readonly message: string;
}

/**
 * The error of every call; `code` is stable, the sentence is for people.
 *
 * @example
 * ```ts
 * try {
 *   await client.sendMessage({ to: 'Writer', messageType: 'note', payload: 1 });
 * } catch (error) {
 *   if (!(error instanceof AgoraError) || error.code !== 'message/unknown-recipient') throw error;
 * }
 * ```
 */
export class AgoraError extends Error {
  override readonly name: string = 'AgoraError';
  readonly code: AgoraCode;
  /** The refused acts of a batch. */
  readonly refusals: readonly ActRefusal[];

  constructor(
    code: AgoraCode,
    sentence: string,
    options: ErrorOptions & { readonly refusals?: readonly ActRefusal[] } = {},
  ) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.refusals = options.refusals ?? [];
  }
}

/** No answer, or no reaction of the server, within the timeout. */
export class TimeoutError extends AgoraError {
  override readonly name: string = 'TimeoutError';
}

/** There is no connection: not made, not admitted, or lost. */
export class ConnectionError extends AgoraError {
  override readonly name: string = 'ConnectionError';
}

/**
 * A handler throws it to fail a message permanently: there is no further attempt.
 *
 * @example
 * ```ts
 * client.onTask('deploy', ({ requirements }) => {
 *   if (requirements['target'] === undefined) throw new PermanentError('the target is missing');
 * });
 * ```
 */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError';
}

/** Returns true if a handler failed its message permanently. It never throws, also for a revoked proxy. */
export function isPermanent(thrown: unknown): boolean {
  try {
    return thrown instanceof PermanentError;
  } catch {
    return false;
  }
}

/** Converts the rejection of a call to an `AgoraError`: an error of the SDK, or the bare text of a procedure. */
export function toAgoraError(thrown: unknown): AgoraError {
  try {
    if (thrown instanceof AgoraError) return thrown;
  } catch {
    // A revoked proxy.
  }
  return parseRefusal(textOf(thrown), thrown) ?? new AgoraError('call/failed', textOf(thrown), { cause: thrown });
}

/** Returns the warning about a listener or callback of the program that threw. */
export function callbackFailed(what: string, thrown: unknown): AgoraError {
  return new AgoraError('client/callback-failed', `${what} threw: ${textOf(thrown)}`, { cause: thrown });
}

/** Returns the message of a thrown value. It never throws and always returns a string, since a program may throw anything. */
export function textOf(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return String(thrown);
    const { message, name }: { readonly message?: unknown; readonly name?: unknown } = thrown;
    // A class field without a value hides the message of its base class.
    return typeof message === 'string' ? message : String(message ?? name);
  } catch {
    return 'a value was thrown that cannot be shown';
  }
}

/** Returns the stack of a thrown value, or its message. It never throws. */
export function stackOf(thrown: unknown): string {
  try {
    const { stack }: { readonly stack?: unknown } = thrown as object; // any other value has no property of this name
    return typeof stack === 'string' ? stack : textOf(thrown);
  } catch {
    return textOf(thrown);
  }
}

const REFUSAL = /\b([a-z]+\/[a-z-]+): ([^\n]*)/;
const LIST = 'call/refused: ';

function parseRefusal(text: string, cause: unknown): AgoraError | undefined {
  const listAt = text.indexOf(LIST);
  if (listAt >= 0) {
    return refusedActs(parseRefusals(text.slice(listAt + LIST.length)), cause);
  }
  const [, code = '', sentence = ''] = REFUSAL.exec(text) ?? [];
  return isCode(code) ? new AgoraError(code, sentence, { cause }) : undefined;
}

/** Returns the error of a call with these refused acts. */
export function refusedActs(refusals: readonly ActRefusal[], cause: unknown): AgoraError {
  const sentence = refusals.map(each => `act ${each.act}: ${each.message} (${each.code})`).join('; ');
  return new AgoraError('call/refused', sentence, { cause, refusals });
}

function parseRefusals(text: string): ActRefusal[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(list) ? list.filter(isRefusal) : [];
}

function isRefusal(value: unknown): value is ActRefusal {
  if (!isObject(value)) return false;
  const { act, code, message } = value;
  return Number.isInteger(act) && typeof code === 'string' && isCode(code) && typeof message === 'string';
}

function isCode(text: string): text is AgoraCode {
  return Object.hasOwn(CODES, text) || Object.hasOwn(CLIENT_CODES, text);
}
