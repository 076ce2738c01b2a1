// The graph of a workflow as a drawing; the list of steps below it has the same content in words.

import { useMemo } from 'react';
import { visible } from '../base/format.ts';
import { signOf, toneOf } from '../ui/state.tsx';
import { layOut } from './layout.ts';

/** The drawn part of a step. */
export interface GraphStep {
  readonly position: number;
  readonly name: string;
  readonly state: string;
  readonly agent: string;
  readonly tries: number;
  readonly dependencies: readonly number[];
}

interface GraphProps {
  readonly steps: readonly GraphStep[];
  readonly selected: number | undefined;
  readonly onSelect: (position: number) => void;
}

/** Beyond this number the drawing is of no use, and the list shows the steps. */
export const MAX_DRAWN = 300;
const NODE = { width: 176, height: 52, gapX: 56, gapY: 18, pad: 12 };

export function Graph({ steps, selected, onSelect }: GraphProps) {
  const shape = steps.map(({ position, dependencies }) => `${position}:${dependencies.join(',')}`).join(';');
  // A change of states keeps the layout: `shape` has all that it reads.
  const layout = useMemo(
    () => layOut(steps.map(({ position, dependencies }) => ({ id: position, dependencies }))),
    [shape],
  );
  const x = (position: number) => NODE.pad + (layout.places.get(position)?.layer ?? 0) * (NODE.width + NODE.gapX);
  const y = (position: number) => NODE.pad + (layout.places.get(position)?.row ?? 0) * (NODE.height + NODE.gapY);
  const width = layout.layers * (NODE.width + NODE.gapX) - NODE.gapX + 2 * NODE.pad;
  const height = layout.rows * (NODE.height + NODE.gapY) - NODE.gapY + 2 * NODE.pad;
  return (
    <div
      className="graph"
      tabIndex={0}
      role="group"
      aria-label={`Graph of ${steps.length} steps; the list of steps has the same content`}
    >
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
        {steps.flatMap(step =>
          step.dependencies.map(from => (
            <path
              key={`${from}-${step.position}`}
              className={`edge ${step.state === 'pending' ? '' : 'passed'}`}
              d={edge(
                x(from) + NODE.width,
                y(from) + NODE.height / 2,
                x(step.position),
                y(step.position) + NODE.height / 2,
              )}
            />
          )),
        )}
        {steps.map(step => (
          <g
            key={step.position}
            className={`node ${toneOf(step.state)}${selected === step.position ? ' selected' : ''}`}
            transform={`translate(${x(step.position)} ${y(step.position)})`}
            onClick={() => onSelect(step.position)}
          >
            <rect width={NODE.width} height={NODE.height} rx={9} />
            <text className="node-sign" x={14} y={31}>
              {signOf(step.state)}
            </text>
            <text className="node-name" x={34} y={22}>
              {clip(step.name)}
            </text>
            <text className="node-who" x={34} y={39}>
              {clip(step.agent || step.state)}
              {step.tries > 1 ? ` ×${step.tries}` : ''}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

function edge(fromX: number, fromY: number, toX: number, toY: number): string {
  const middle = (fromX + toX) / 2;
  return `M${fromX} ${fromY} C${middle} ${fromY} ${middle} ${toY} ${toX} ${toY}`;
}

const CLIP = 18;
function clip(text: string): string {
  return visible(text.length > CLIP ? `${text.slice(0, CLIP - 1)}…` : text);
}
