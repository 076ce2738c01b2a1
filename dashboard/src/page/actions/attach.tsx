// Keeps the person at the page attached, so that answers and messages for it arrive.

import { useEffect } from 'react';
import { useHub, useOwnAgents, usePhase } from '../hub/hooks.ts';
import { PERSON } from './person.ts';

export function Attach() {
  const hub = useHub();
  const phase = usePhase();
  const id = useOwnAgents().find(({ agentType }) => agentType === PERSON)?.id;
  const isConnected = phase.name === 'connected';
  useEffect(() => {
    if (id === undefined || !isConnected) return;
    hub.call(db => db.reducers.attachAgent({ agent: id })).catch(() => undefined);
  }, [hub, id, isConnected]);
  return null;
}
