// Checks of arguments that several kinds of calls share. Each refuses.

import type { Code } from './contract/codes.ts';
import { LIMITS } from './contract/limits.ts';
import { UUID_V7 } from './contract/words.ts';
import { toMs } from './micros.ts';
import { refuse } from './refuse.ts';
import { isLongerThan, isObject, parseInput, uuidTimeMs } from './text.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** Refuses an id that is not a UUIDv7, is older than the retention (it may be a reused one), or is in the future. */
export function checkId(unit: UnitOfWork, id: string): void {
  const timeMs = uuidTimeMs(id);
  if (timeMs === undefined) refuseUuid('message/bad-id', id);
  const nowMs = toMs(unit.now);
  const { keepMessagesMs, idsSince } = unit.hub;
  const oldestMs = Math.max(nowMs - Number(keepMessagesMs), toMs(idsSince));
  if (timeMs < oldestMs) {
    refuse('message/id-too-old', `${id} is older than the retention of messages; send under a new id`);
  }
  if (timeMs > nowMs + LIMITS.clockSkewMs) refuse('message/id-ahead', `${id} is in the future; set your clock`);
}

/** Refuses an id that is not a UUIDv7. */
export function checkUuid(code: Code, id: string): void {
  if (!UUID_V7.test(id)) refuseUuid(code, id);
}

function refuseUuid(code: Code, id: string): never {
  refuse(code, `"${id.slice(0, 64)}" is not a UUIDv7 in lower case`);
}

/** Refuses headers that are neither empty nor a JSON object, or too long. */
export function checkHeaders(headers: string): void {
  if (headers === '') return;
  const isFine = !isLongerThan(headers, LIMITS.headerBytes) && isObject(parseInput(headers)?.value);
  if (!isFine)
    refuse(
      'message/bad-headers',
      `headers must be a JSON object of at most ${LIMITS.headerBytes} bytes and ${LIMITS.jsonDepth} levels`,
    );
}

/** Refuses a payload that is not JSON, or too long. */
export function checkPayload(payload: string): void {
  if (isLongerThan(payload, LIMITS.payloadBytes)) {
    refuse('message/too-large', `the payload is over ${LIMITS.payloadBytes} bytes; send a reference to it instead`);
  }
  if (!parseInput(payload))
    refuse('message/bad-payload', `the payload is not JSON of at most ${LIMITS.jsonDepth} levels`);
}

/** Refuses a deadline of an answer above the limit. */
export function checkDeadline(answerWithinMs: number): void {
  if (answerWithinMs > LIMITS.answerWithinMs) {
    refuse('message/bad-deadline', `an answer may take at most ${LIMITS.answerWithinMs} ms`);
  }
}

/** Refuses a page size that is zero or above the limit. */
export function checkPage(limit: number): void {
  if (limit === 0 || limit > LIMITS.page) refuse('call/bad-limit', `a page has 1 to ${LIMITS.page} rows`);
}
