// Checks that several kinds of calls share. Each refuses.

import { LIMITS } from './contract/limits.ts';
import { UUID_V7 } from './contract/words.ts';
import { refuse } from './refuse.ts';
import { isLongerThan, isObject, parseJson, uuidTimeMs } from './text.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** Refuses an id that is no UUIDv7, or whose time lies where it cannot be told from an earlier one. */
export function checkId(unit: UnitOfWork, id: string): void {
  const timeMs = uuidTimeMs(id);
  if (timeMs === undefined) refuse('message/bad-id', `"${id.slice(0, 64)}" is not a UUIDv7 in lower case`);
  const nowMs = Number(unit.now / 1000n);
  const { keepMessagesMs, idsSince } = unit.hub;
  const oldestMs = Math.max(nowMs - Number(keepMessagesMs), Number(idsSince / 1000n));
  if (timeMs < oldestMs) {
    refuse('message/id-too-old', `${id} is older than messages are kept; send under a new id`);
  }
  if (timeMs > nowMs + LIMITS.clockSkewMs) refuse('message/id-ahead', `${id} lies in the future; set your clock`);
}

/** Refuses headers that are neither empty nor a JSON object, or too long. */
export function checkHeaders(headers: string): void {
  if (headers === '') return;
  const isFine = !isLongerThan(headers, LIMITS.headerBytes) && isObject(parseJson(headers)?.value);
  if (!isFine) refuse('message/bad-headers', `headers are a JSON object of at most ${LIMITS.headerBytes} bytes`);
}

/** Refuses what is not JSON, or too long. */
export function checkPayload(payload: string): void {
  if (isLongerThan(payload, LIMITS.payloadBytes)) {
    refuse('message/too-large', `the payload is over ${LIMITS.payloadBytes} bytes; send a reference to it instead`);
  }
  if (!parseJson(payload)) refuse('message/bad-payload', 'the payload is not JSON');
}

/** Refuses to wait longer for an answer than the hub does. */
export function checkDeadline(answerWithinMs: number): void {
  if (answerWithinMs > LIMITS.answerWithinMs) {
    refuse('message/bad-deadline', `an answer may take ${LIMITS.answerWithinMs} ms at most`);
  }
}

/** Refuses an id of an answer that is not a UUIDv7. */
export function checkAnswerId(id: string): void {
  if (!UUID_V7.test(id)) refuse('message/bad-id', `"${id.slice(0, 64)}" is not a UUIDv7 in lower case`);
}

/** Refuses a page size that is zero or above the limit. */
export function checkPage(limit: number): void {
  if (limit === 0 || limit > LIMITS.page) refuse('call/bad-limit', `a page has 1 to ${LIMITS.page} rows`);
}
