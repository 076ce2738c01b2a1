// The steps of a workflow on a line of time.

import { msOf } from '../base/format.ts';
import { toneOf, State } from '../ui/state.tsx';
import { Foreign, Running, useNow } from '../ui/text.tsx';
import type { Step } from './workflow.tsx';

interface GanttProps {
  readonly steps: readonly Step[];
  readonly selected: string;
  readonly onSelect: (name: string) => void;
}

const MAX_ROWS = 400;

export function Gantt({ steps, selected, onSelect }: GanttProps) {
  const now = useNow();
  const begun = steps.filter(({ startedAt }) => startedAt > 0n);
  const from = Math.min(...begun.map(({ startedAt }) => msOf(startedAt)), now);
  const to = Math.max(...begun.map(({ endedAt }) => (endedAt > 0n ? msOf(endedAt) : now)), from + 1);
  const part = (ms: number) => `${(((ms - from) / (to - from)) * 100).toFixed(2)}%`;
  return (
    <ol className="gantt">
      {steps.slice(0, MAX_ROWS).map(step => {
        const start = msOf(step.startedAt);
        const end = step.endedAt > 0n ? msOf(step.endedAt) : now;
        return (
          <li key={step.position} className={step.parent > 0 ? 'element' : ''}>
            <button
              type="button"
              className="link"
              aria-pressed={selected === step.name}
              onClick={() => onSelect(step.name)}
            >
              <Foreign text={step.name} max={60} />
            </button>
            <State state={step.state} />
            <span className="track" aria-hidden="true">
              {start > 0 && (
                <span
                  className={`bar ${toneOf(step.state)}`}
                  style={{ left: part(start), width: `max(3px, calc(${part(end)} - ${part(start)}))` }}
                />
              )}
            </span>
            <span className="faint number">
              {step.tries > 1 && <span className="retry-badge">×{step.tries}</span>}
              {start > 0 ? <Running since={start} until={msOf(step.endedAt)} /> : '—'}
            </span>
          </li>
        );
      })}
      {steps.length > MAX_ROWS && <li className="faint">and {steps.length - MAX_ROWS} more</li>}
    </ol>
  );
}
