import { describe, expect, test } from 'vitest';
import { STEP_STATES, WORKFLOW_STATUSES } from '../contract/words.ts';
import {
  type Move,
  STEP_MOVES,
  STEP_TRIGGERS,
  stepAfter,
  WORKFLOW_MOVES,
  WORKFLOW_TRIGGERS,
  workflowAfter,
} from './moves.ts';

/** The states that triggers of a list lead to from one state. */
function reached<State extends string, Trigger extends string>(
  moves: Readonly<Record<State, Readonly<Record<Trigger, Move<State>>>>>,
  all: readonly State[],
  from: State,
  triggers: readonly Trigger[],
): Set<State> {
  const found = new Set<State>([from]);
  for (const state of found) {
    for (const trigger of triggers) {
      const to = moves[state][trigger];
      for (const other of all) if (other === to) found.add(other);
    }
  }
  return found;
}

describe('the moves of a step', () => {
  const ends = STEP_STATES.slice(3);
  const byItself = STEP_TRIGGERS.filter(each => each !== 'restart' && each !== 'reset' && each !== 'cancel');

  test.each(STEP_STATES)('answer every trigger of a step that is %s', state => {
    for (const trigger of STEP_TRIGGERS) {
      const to = STEP_MOVES[state][trigger];
      if (to === 'refused') expect(() => stepAfter(state, trigger)).toThrow(`cannot ${trigger}`);
      else expect(stepAfter(state, trigger)).toBe(to === 'ignored' ? undefined : to);
    }
  });

  test.each(STEP_STATES.slice(0, 3))('lead a step that is %s to success, failure and cancellation', state => {
    expect([...reached(STEP_MOVES, STEP_STATES, state, byItself)]).toEqual(
      expect.arrayContaining(['succeeded', 'failed']),
    );
    expect(stepAfter(state, 'cancel')).toBe('cancelled');
  });

  test.each(ends)('leave a step that is %s as it ended, unless it is restarted', state => {
    const others = STEP_TRIGGERS.filter(each => each !== 'restart');
    expect([...reached(STEP_MOVES, STEP_STATES, state, others)]).toEqual([state]);
    expect(STEP_MOVES[state].restart).toBe(state === 'succeeded' ? 'refused' : 'pending');
  });

  test('assign no step twice', () => {
    expect(stepAfter('running', 'assign')).toBeUndefined();
  });
});

describe('the moves of a workflow', () => {
  const byItself = WORKFLOW_TRIGGERS.filter(each => each !== 'restart' && each !== 'fork' && each !== 'undo');

  test.each(WORKFLOW_STATUSES)('answer every trigger of a workflow that is %s', status => {
    for (const trigger of WORKFLOW_TRIGGERS) {
      const to = WORKFLOW_MOVES[status][trigger];
      if (to === 'refused') expect(() => workflowAfter(status, trigger)).toThrow(`cannot ${trigger}`);
      else expect(workflowAfter(status, trigger)).toBe(to === 'ignored' ? undefined : to);
    }
  });

  test.each(WORKFLOW_STATUSES.slice(0, 3))('lead a workflow that is %s to an end', status => {
    expect([...reached(WORKFLOW_MOVES, WORKFLOW_STATUSES, status, byItself)]).toEqual(
      expect.arrayContaining(['failed', 'cancelled']),
    );
  });

  test.each(WORKFLOW_STATUSES.slice(3))(
    'leave a workflow that is %s as it ended, unless a step is restarted or its outer workflow is undone',
    status => {
      expect([...reached(WORKFLOW_MOVES, WORKFLOW_STATUSES, status, byItself)]).toEqual([status]);
      expect(workflowAfter(status, 'restart')).toBe('running');
      expect(workflowAfter(status, 'undo')).toBe(status === 'succeeded' ? 'compensating' : undefined);
    },
  );
});
