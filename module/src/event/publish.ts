// Publishes an event of an agent.

import { checkHeaders, checkId } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { SYSTEM_EVENT_TYPES, TYPE_NAME } from '../contract/words.ts';
import { charge } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { isLongerThan, parseInput } from '../text.ts';
import { isSameButTrace } from '../trace.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { appendEvent, bytesOfEvent } from './append.ts';

/** Publishes an event of an agent of the caller. Idempotent by its id. */
export function publish(
  unit: UnitOfWork,
  act: {
    readonly id: string;
    readonly agent: bigint;
    readonly type: string;
    readonly data: string;
    readonly headers: string;
  },
): void {
  const agent = unit.own(act.agent);
  const { name } = agent;
  checkId(unit, act.id, 'event');
  const earlier = unit.ctx.db.eventLog.id.find(act.id);
  if (earlier) {
    if (
      earlier.source === name &&
      earlier.type === act.type &&
      earlier.data === act.data &&
      isSameButTrace(earlier.headers, act.headers)
    )
      return;
    refuse('event/id-reused', `${act.id} was used for another event; publish under a new id`);
  }
  if (!TYPE_NAME.test(act.type) || act.type.length > 128) {
    refuse('event/bad-type', `"${act.type.slice(0, 64)}" is not a type; use snake_case or dotted names`);
  }
  if ((SYSTEM_EVENT_TYPES as readonly string[]).includes(act.type)) {
    refuse('event/reserved-type', `only the hub itself publishes "${act.type}"; choose another type`);
  }
  if (isLongerThan(act.data, LIMITS.payloadBytes) || !parseInput(act.data)) {
    refuse(
      'event/bad-data',
      `the data of an event must be JSON of at most ${LIMITS.payloadBytes} bytes and ${LIMITS.jsonDepth} levels`,
    );
  }
  checkHeaders(act.headers);
  charge(unit, agent, { deliveries: 0, fanOut: 0, bytes: bytesOfEvent(act) });
  appendEvent(unit, act.agent, act.type, name, act.data, act);
}
