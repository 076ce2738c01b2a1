// The choice of the agent that acts: one of the user's, or the person at this page.

import { useOwnAgents } from '../hub/hooks.ts';
import { PERSON } from './person.ts';

interface AgentSelectProps {
  readonly id: string;
  readonly describedBy: string | undefined;
  /** Name of the agent; empty for the person. */
  readonly value: string;
  readonly onChange: (name: string) => void;
}

/** A list of the user's agents. */
export function AgentSelect({ id, describedBy, value, onChange }: AgentSelectProps) {
  const own = useOwnAgents();
  return (
    <select id={id} aria-describedby={describedBy} value={value} onChange={event => onChange(event.target.value)}>
      <option value="">You, at this page</option>
      {own
        .filter(({ agentType }) => agentType !== PERSON)
        .map(({ id: no, name }) => (
          <option key={String(no)} value={name}>
            {name}
          </option>
        ))}
    </select>
  );
}
