// Checks of arguments that several kinds of calls share. Each refuses.

import { LIMITS } from './contract/limits.ts';
import { toMs } from './micros.ts';
import { refuse } from './refuse.ts';
import { isLongerThan, isObject, parseInput, uuidTimeMs } from './text.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** The settings and codes of an id, by what it names. An answer is a message. */
const IDS = {
  message: {
    keep: 'keepMessagesMs',
    bad: 'message/bad-id',
    tooOld: 'message/id-too-old',
    ahead: 'message/id-ahead',
  },
  event: { keep: 'keepEventsMs', bad: 'event/bad-id', tooOld: 'event/id-too-old', ahead: 'event/id-ahead' },
  workflow: {
    keep: 'keepWorkflowsMs',
    bad: 'workflow/bad-id',
    tooOld: 'workflow/id-too-old',
    ahead: 'workflow/id-ahead',
  },
} as const;

/**
 * Refuses an id that is not a UUIDv7, is older than the retention of what it names (it may be a reused one), or is in the
 * future.
 */
export function checkId(unit: UnitOfWork, id: string, kind: keyof typeof IDS = 'message'): void {
  const { keep, bad, tooOld, ahead } = IDS[kind];
  const timeMs = uuidTimeMs(id);
  if (timeMs === undefined) refuse(bad, `"${id.slice(0, 64)}" is not a UUIDv7 in lower case`);
  const nowMs = toMs(unit.now);
  const oldestMs = Math.max(nowMs - Number(unit.hub[keep]), toMs(unit.hub.idsSince));
  if (timeMs < oldestMs) refuse(tooOld, `${id} is older than the retention of a ${kind}; use a new id`);
  if (timeMs > nowMs + LIMITS.clockSkewMs) refuse(ahead, `${id} is in the future; set your clock`);
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
