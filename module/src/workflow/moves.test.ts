import { describe, expect, it } from 'vitest';
import { STEP_STATES, WORKFLOW_STATUSES } from '../contract/words.ts';
import {
  type Move,
  moveStep,
  moveWorkflow,
  STEP_HAPPENINGS,
  STEP_MOVES,
  WORKFLOW_HAPPENINGS,
  WORKFLOW_MOVES,
} from './moves.ts';

/** The states that can be reached from one by any happenings of a list. */
function reached<State extends string, Happening extends string>(
  moves: Readonly<Record<State, Readonly<Record<Happening, Move<State>>>>>,
  all: readonly State[],
  from: State,
  happenings: readonly Happening[],
): Set<State> {
  const found = new Set<State>([from]);
  for (const state of found) {
    for (const happening of happenings) {
      const to = moves[state][happening];
      for (const other of all) if (other === to) found.add(other);
    }
  }
  return found;
}

describe('the moves of a step', () => {
  const ends = STEP_STATES.slice(3);
  const byItself = STEP_HAPPENINGS.filter(each => each !== 'renew' && each !== 'set-back' && each !== 'call-off');

  it.each(STEP_STATES)('have an answer to everything that may happen to one that is %s', state => {
    for (const happening of STEP_HAPPENINGS) {
      const to = STEP_MOVES[state][happening];
      if (to === 'refused') expect(() => moveStep(state, happening)).toThrow(`cannot ${happening}`);
      else expect(moveStep(state, happening)).toBe(to === 'ignored' ? undefined : to);
    }
  });

  it.each(STEP_STATES.slice(0, 3))('lead one that is %s to its end, and to that of being called off', state => {
    expect([...reached(STEP_MOVES, STEP_STATES, state, byItself)]).toEqual(
      expect.arrayContaining(['succeeded', 'failed']),
    );
    expect(moveStep(state, 'call-off')).toBe('cancelled');
  });

  it.each(ends)('leave one that is %s as it ended, unless somebody has it done again', state => {
    const others = STEP_HAPPENINGS.filter(each => each !== 'renew');
    expect([...reached(STEP_MOVES, STEP_STATES, state, others)]).toEqual([state]);
    expect(STEP_MOVES[state].renew).toBe(state === 'succeeded' ? 'refused' : 'pending');
  });

  it('assign nothing that is assigned', () => {
    expect(moveStep('running', 'assign')).toBeUndefined();
  });
});

describe('the moves of a workflow', () => {
  const byItself = WORKFLOW_HAPPENINGS.filter(each => each !== 'renew' && each !== 'fork');

  it.each(WORKFLOW_STATUSES)('have an answer to everything that may happen to one that is %s', status => {
    for (const happening of WORKFLOW_HAPPENINGS) {
      const to = WORKFLOW_MOVES[status][happening];
      if (to === 'refused') expect(() => moveWorkflow(status, happening)).toThrow(`cannot ${happening}`);
      else expect(moveWorkflow(status, happening)).toBe(to === 'ignored' ? undefined : to);
    }
  });

  it.each(WORKFLOW_STATUSES.slice(0, 3))('lead one that is %s to an end', status => {
    expect([...reached(WORKFLOW_MOVES, WORKFLOW_STATUSES, status, byItself)]).toEqual(
      expect.arrayContaining(['failed', 'cancelled']),
    );
  });

  it.each(WORKFLOW_STATUSES.slice(3))(
    'leave one that has %s as it ended, unless a step of it is done again',
    status => {
      expect([...reached(WORKFLOW_MOVES, WORKFLOW_STATUSES, status, byItself)]).toEqual([status]);
      expect(moveWorkflow(status, 'renew')).toBe('running');
    },
  );
});
