// The life of a client's connection as a state table.

/** State of a client's connection; `closed` is final. */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** What changes the state: `fail` ends the first attempts to connect, `lose` an open session. */
export type ConnectionTrigger = 'connect' | 'open' | 'fail' | 'lose' | 'close';

/** The next state by state and trigger; `refused` marks what cannot happen. */
export const MOVES: Readonly<
  Record<ConnectionState, Readonly<Record<ConnectionTrigger, ConnectionState | 'refused'>>>
> = {
  idle: { connect: 'connecting', open: 'refused', fail: 'refused', lose: 'refused', close: 'closed' },
  connecting: { connect: 'refused', open: 'connected', fail: 'idle', lose: 'refused', close: 'closed' },
  connected: { connect: 'refused', open: 'refused', fail: 'refused', lose: 'reconnecting', close: 'closed' },
  reconnecting: { connect: 'refused', open: 'connected', fail: 'refused', lose: 'refused', close: 'closed' },
  closed: { connect: 'refused', open: 'refused', fail: 'refused', lose: 'refused', close: 'refused' },
};

/** The next state. Throws a plain `Error` for a move that the table refuses: a bug in the client. */
export function nextState(state: ConnectionState, trigger: ConnectionTrigger): ConnectionState {
  const next = MOVES[state][trigger];
  if (next === 'refused') throw new Error(`a connection that is ${state} cannot ${trigger}`);
  return next;
}
