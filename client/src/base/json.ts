// JSON of outgoing values, with limits and error codes, and checked reading of JSON objects.

import { LIMITS } from '@agora/module/contract';
import { AgoraError, textOf, type AgoraCode } from './errors.ts';
import { jsonFaultOf } from './json-fault.ts';
import { isObject } from './is-object.ts';

const utf8 = new TextEncoder();

/** Size limit of a value as JSON, and its error codes. */
export interface JsonRules {
  /** Name of the value, for the error. */
  readonly what: string;
  readonly maxBytes: number;
  readonly bad: AgoraCode;
  readonly tooLarge: AgoraCode;
}

/** The rules for the payload of a message. */
export const PAYLOAD: JsonRules = {
  what: 'the payload',
  maxBytes: LIMITS.payloadBytes,
  bad: 'message/bad-payload',
  tooLarge: 'message/too-large',
};
/** The rules for the headers of a message. */
export const HEADERS: JsonRules = {
  what: 'headers',
  maxBytes: LIMITS.headerBytes,
  bad: 'message/bad-headers',
  tooLarge: 'message/bad-headers',
};
/** The rules for the metadata of an agent. */
export const METADATA: JsonRules = {
  what: 'metadata',
  maxBytes: LIMITS.headerBytes,
  bad: 'agent/bad-metadata',
  tooLarge: 'agent/bad-metadata',
};
/** The rules for the data of an event. */
export const EVENT_DATA: JsonRules = {
  what: 'the data of an event',
  maxBytes: LIMITS.payloadBytes,
  bad: 'event/bad-data',
  tooLarge: 'event/bad-data',
};
/** The rules for an answer. */
export const ANSWER: JsonRules = {
  what: 'an answer',
  maxBytes: LIMITS.payloadBytes,
  bad: 'delivery/bad-answer',
  tooLarge: 'message/too-large',
};

/** The rules for a signal of progress. */
export const SIGNAL: JsonRules = {
  what: 'a signal',
  maxBytes: LIMITS.signalBytes,
  bad: 'delivery/bad-signal',
  tooLarge: 'delivery/bad-signal',
};

/** Returns the JSON of a value. Throws an `AgoraError` with the codes of `rules` if it has none or is too large. */
export function toJson(value: unknown, rules: JsonRules): string {
  let text: string | undefined;
  try {
    const fault = jsonFaultOf(value);
    if (fault !== undefined) throw new TypeError(fault);
    text = JSON.stringify(value);
  } catch (cause) {
    throw new AgoraError(rules.bad, `${rules.what} cannot be written as JSON: ${textOf(cause)}`, { cause });
  }
  if (text === undefined) throw new AgoraError(rules.bad, `${rules.what} cannot be written as JSON: ${typeof value}`);
  if (text.length * 3 > rules.maxBytes && utf8.encode(text).length > rules.maxBytes) {
    throw new AgoraError(
      rules.tooLarge,
      `${rules.what} is over ${rules.maxBytes} bytes; send a reference to it instead`,
    );
  }
  return text;
}

/** Parses a JSON object from the hub; any other text is an empty object. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = text === '' ? {} : JSON.parse(text);
  return isObject(value) ? value : {};
}
