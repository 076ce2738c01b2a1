// A graph of steps made small enough for a screen: what has ended, what is alike and what is far ahead becomes one row.
//
// Three kinds of sets are folded, and none of them can make a cycle of what was none: steps that nothing unfolded comes
// before, steps of one layer, and steps that nothing unfolded comes after.

import type { WorkflowStep } from '@agora/client';

/** A row of the drawing: one step, or several that are folded. */
export interface GraphRow {
  /** In the order of the definition; at least one. */
  readonly steps: readonly WorkflowStep[];
  /** The rows that it waits for, by their place in the list; all come before it. */
  readonly dependencies: readonly number[];
  /** Of a step that is done for each element of a list: its elements. */
  readonly elements: readonly WorkflowStep[];
}

type Steps = ReadonlyMap<number, WorkflowStep>;

/** Has ended, and holds nothing up. */
const BEHIND: ReadonlySet<string> = new Set(['succeeded', 'skipped', 'cancelled']);
/** Has not begun, or never will. */
const AHEAD: ReadonlySet<string> = new Set(['pending', 'skipped', 'cancelled']);

/** The rows of a graph in the order of its layers, at most `most` of them where folding reaches that. */
export function foldGraph(all: readonly WorkflowStep[], most: number): GraphRow[] {
  const steps: Steps = new Map(all.filter(step => step.parent === undefined).map(step => [step.position, step]));
  const layers = layersOf(steps);
  const sets = new Sets(steps);
  if (sets.count > most) foldBehind(steps, layers, sets, most);
  for (const alikeBy of [bySiblings, byAction, byState]) {
    if (sets.count > most) foldAlike(layers, sets, alikeBy);
  }
  if (sets.count > most) foldAhead(steps, layers, sets, most);
  return rowsOf(all, layers, sets);
}

/** Which steps are one row. */
class Sets {
  readonly #setOf: Map<number, string>;
  readonly #sizes: Map<string, number>;

  /** Each step is a row of its own. */
  constructor(steps: Steps) {
    this.#setOf = new Map([...steps.keys()].map(position => [position, `only ${position}`]));
    this.#sizes = new Map([...this.#setOf.values()].map(set => [set, 1]));
  }

  get count(): number {
    return this.#sizes.size;
  }

  of({ position }: Pick<WorkflowStep, 'position'>): string {
    return this.#setOf.get(position) ?? '';
  }

  /** Takes a step out of its set and into another. */
  move(step: WorkflowStep, set: string): void {
    const from = this.of(step);
    const left = (this.#sizes.get(from) ?? 1) - 1;
    if (left === 0) this.#sizes.delete(from);
    else this.#sizes.set(from, left);
    this.#setOf.set(step.position, set);
    this.#sizes.set(set, (this.#sizes.get(set) ?? 0) + 1);
  }
}

/** The steps by how many come before them on the longest way. */
export function layersOf(steps: Steps): WorkflowStep[][] {
  const layers: WorkflowStep[][] = [];
  const unmet = new Map([...steps].map(([position, step]) => [position, step.dependencies.length]));
  const dependents = dependentsOf(steps);
  let layer = [...steps.values()].filter(step => step.dependencies.length === 0);
  while (layer.length > 0) {
    layers.push(layer);
    const next: WorkflowStep[] = [];
    for (const { position } of layer) {
      for (const dependent of dependents.get(position) ?? []) {
        const left = (unmet.get(dependent.position) ?? 0) - 1;
        unmet.set(dependent.position, left);
        if (left === 0) next.push(dependent);
      }
    }
    layer = next.sort((a, b) => a.position - b.position);
  }
  return layers;
}

function dependentsOf(steps: Steps): Map<number, WorkflowStep[]> {
  const dependents = new Map<number, WorkflowStep[]>();
  for (const step of steps.values()) {
    for (const position of step.dependencies) {
      const list = dependents.get(position);
      if (list) list.push(step);
      else dependents.set(position, [step]);
    }
  }
  return dependents;
}

/** Folds what has ended, layer by layer from the first, until that is enough. */
function foldBehind(steps: Steps, layers: WorkflowStep[][], sets: Sets, most: number): void {
  for (const layer of layers) {
    for (const step of layer) {
      const isFirst = step.dependencies.every(position => {
        const before = steps.get(position);
        return !before || sets.of(before) === 'behind';
      });
      if (BEHIND.has(step.state) && isFirst) sets.move(step, 'behind');
    }
    if (sets.count <= most) return;
  }
}

/** Folds what has not begun, layer by layer from the last. */
function foldAhead(steps: Steps, layers: WorkflowStep[][], sets: Sets, most: number): void {
  const dependents = dependentsOf(steps);
  for (const layer of layers.toReversed()) {
    for (const step of layer) {
      const isLast = (dependents.get(step.position) ?? []).every(each => sets.of(each) === 'ahead');
      if (AHEAD.has(step.state) && isLast && sets.of(step) !== 'behind') sets.move(step, 'ahead');
    }
    if (sets.count <= most) return;
  }
}

/** Folds the steps of a layer that have the same key. */
function foldAlike(layers: WorkflowStep[][], sets: Sets, keyOf: (step: WorkflowStep) => string): void {
  layers.forEach((layer, depth) => {
    for (const step of layer) if (sets.of(step) !== 'behind') sets.move(step, `${depth} ${keyOf(step)}`);
  });
}

const bySiblings = (step: WorkflowStep): string => `${step.state} ${step.action} ${step.dependencies.join()}`;
const byAction = (step: WorkflowStep): string => `${step.state} ${step.action}`;
const byState = (step: WorkflowStep): string => step.state;

function rowsOf(all: readonly WorkflowStep[], layers: readonly (readonly WorkflowStep[])[], sets: Sets): GraphRow[] {
  const elements = new Map<number, WorkflowStep[]>();
  for (const step of all) {
    if (step.parent === undefined) continue;
    const list = elements.get(step.parent);
    if (list) list.push(step);
    else elements.set(step.parent, [step]);
  }
  const groups = new Map<string, WorkflowStep[]>();
  for (const step of layers.flat()) {
    const set = sets.of(step);
    const group = groups.get(set);
    if (group) group.push(step);
    else groups.set(set, [step]);
  }
  // What is ahead of all stands last, wherever its first step was.
  const ahead = groups.get('ahead');
  if (ahead && groups.delete('ahead')) groups.set('ahead', ahead);

  const placeOf = new Map<number, number>();
  [...groups.values()].forEach((group, place) => group.forEach(step => placeOf.set(step.position, place)));
  return [...groups.values()].map((group, place) => {
    const before = new Set(group.flatMap(step => step.dependencies.map(position => placeOf.get(position) ?? place)));
    before.delete(place);
    const [only, ...others] = group;
    return {
      steps: group.toSorted((a, b) => a.position - b.position),
      dependencies: [...before].sort((a, b) => a - b),
      elements: only && others.length === 0 ? (elements.get(only.position) ?? []) : [],
    };
  });
}
