import { expect, test } from 'vitest';
import { MOVES, nextState, type ConnectionState, type ConnectionTrigger } from './connection-state.ts';

const states = Object.keys(MOVES) as ConnectionState[]; // its keys are the states
const triggers = Object.keys(MOVES.idle) as ConnectionTrigger[]; // likewise

test.each(states.flatMap(state => triggers.map(trigger => [state, trigger] as const)))(
  '%s on %s moves as the table has it, or throws',
  (state, trigger) => {
    const next = MOVES[state][trigger];
    if (next === 'refused') expect(() => nextState(state, trigger)).toThrow(`a connection that is ${state} cannot`);
    else expect(nextState(state, trigger)).toBe(next);
  },
);

test('every state but closed can be closed, and closed is final', () => {
  expect(states.filter(state => MOVES[state].close === 'closed')).toEqual(states.filter(each => each !== 'closed'));
  expect(new Set(Object.values(MOVES.closed))).toEqual(new Set(['refused']));
});
