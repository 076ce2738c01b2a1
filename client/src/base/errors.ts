// One error class with stable codes. A refusal crosses the wire as the text `code: sentence`, and is read back here.

import { CODES, type Code as ModuleCode } from '@agora/module/contract';

/** What can go wrong besides the module's refusals, and what it means. */
export const CLIENT_CODES = {
  'connection/refused': 'Nothing answers at the address of the server.',
  'connection/no-database': 'The server has no database of this name.',
  'connection/bad-token': 'The server does not accept the token.',
  'connection/not-admitted': 'The hub does not let this identity in.',
  'connection/failed': 'The server answers, but a connection could not be opened.',
  'connection/lost': 'The connection was lost and did not come back in time.',
  'connection/no-web-socket': 'This runtime has no WebSocket.',
  'client/bad-option': 'An option of the client cannot be what it is.',
  'client/closed': 'The client was closed.',
  'client/not-connected': 'The client was not connected yet.',
  'client/not-registered': 'The client has no agent yet.',
  'client/new-identity': 'No kept token was accepted, so the client is a new identity.',
  'client/queue-full': 'More calls wait for the connection than may.',
  'outbox/full': 'The outbox holds as much as it may.',
  'outbox/in-use': 'Another client has the outbox.',
  'outbox/unreadable': 'Something that the outbox holds cannot be read.',
  'outbox/not-kept': 'The outbox could not be written.',
  'outbox/kept': 'The client ended before the hub had the message, which is in the outbox for the next one.',
  'outbox/expired': 'The time of the message was over before there was a connection.',
  'agent/elsewhere': 'Another process is attached to the agent, and handles the same messages.',
  'client/slow-reader': 'A loop takes what it watches too slowly, and something would have been lost.',
  'call/timed-out': 'The server did not answer a call in time.',
  'call/failed': 'The server failed while it ran a call.',
  'message/no-answer': 'Nobody answered within the time that was given.',
  'message/settled': 'The message was settled before.',
  'broadcast/expired': 'Broadcasts were no longer kept when the agent came to hear them.',
  'event/bad-filter': 'An event filter is neither a type, nor a first segment with a wildcard.',
  'event/expired': 'Events from there on are no longer kept.',
  'event/ahead': 'There is no event of that number yet.',
  'workflow/timed-out': 'The workflow did not end within the time that was given.',
} as const;

/** A code of the module or of the client. */
export type AgoraCode = ModuleCode | keyof typeof CLIENT_CODES;

/** One refused act of a batch: its position, and why. */
export interface ActRefusal {
  readonly act: number;
  readonly code: AgoraCode;
  readonly message: string;
}

/** Something was refused or went wrong; `code` is stable, the sentence is for people. */
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

/** An answer, or the server, took longer than was allowed. */
export class TimeoutError extends AgoraError {
  override readonly name: string = 'TimeoutError';
}

/** There is no connection: never made, not allowed, or lost. */
export class ConnectionError extends AgoraError {
  override readonly name: string = 'ConnectionError';
}

/** Thrown by a handler, says that trying again is of no use: the message fails for good. */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError';
}

/** Makes an `AgoraError` of whatever a call was rejected with: an error of the SDK, or the bare text of a procedure. */
export function toAgoraError(thrown: unknown): AgoraError {
  if (thrown instanceof AgoraError) return thrown;
  return parseRefusal(textOf(thrown), thrown) ?? new AgoraError('call/failed', textOf(thrown), { cause: thrown });
}

/** The sentence of anything thrown. */
export function textOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === 'string' ? thrown : String(thrown);
}

const REFUSAL = /\b([a-z]+\/[a-z-]+): ([^\n]*)/;
const LIST = 'call/refused: ';

function parseRefusal(text: string, cause: unknown): AgoraError | undefined {
  const listAt = text.indexOf(LIST);
  if (listAt >= 0) {
    const refusals = parseRefusals(text.slice(listAt + LIST.length));
    const sentence = refusals.map(each => `act ${each.act}: ${each.message} (${each.code})`).join('; ');
    return new AgoraError('call/refused', sentence, { cause, refusals });
  }
  const [, code = '', sentence = ''] = REFUSAL.exec(text) ?? [];
  return isCode(code) ? new AgoraError(code, sentence, { cause }) : undefined;
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
  if (typeof value !== 'object' || value === null) return false;
  const { act, code, message } = value as Readonly<Record<string, unknown>>; // an object has members of some kind
  return Number.isInteger(act) && typeof code === 'string' && isCode(code) && typeof message === 'string';
}

function isCode(text: string): text is AgoraCode {
  return Object.hasOwn(CODES, text) || Object.hasOwn(CLIENT_CODES, text);
}
