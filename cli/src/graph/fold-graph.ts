// Folds a graph of steps to the height of a screen: ended steps, similar steps and distant pending steps become one row.
//
// Three kinds of sets are folded, and none of them can create a cycle: steps with no unfolded step before them, steps of one
// layer, and steps with no unfolded step after them.

import type { WorkflowStep } from '@agora/client';

/** A row of the drawing: one step, or several folded ones. */
export interface GraphRow {
  /** In the order of the definition; at least one. */
  readonly steps: readonly WorkflowStep[];
  /** The indexes of the rows that it depends on; all are before this row. */
  readonly dependencies: readonly number[];
  /** The elements of a `for_each` step. */
  readonly elements: readonly WorkflowStep[];
}

type StepsByPosition = ReadonlyMap<number, WorkflowStep>;

/** States of ended steps that delay no other step. */
const BEHIND: ReadonlySet<string> = new Set(['succeeded', 'skipped', 'cancelled']);
/** States of steps that have not started or never will. */
const AHEAD: ReadonlySet<string> = new Set(['pending', 'skipped', 'cancelled']);

/** The rows of a graph in the order of its layers. Folds steps until there are at most `maxRows` rows, if possible. */
export function foldGraph(all: readonly WorkflowStep[], maxRows: number): GraphRow[] {
  const steps: StepsByPosition = new Map(
    all.filter(step => step.parent === undefined).map(step => [step.position, step]),
  );
  const layers = layersOf(steps);
  const sets = new Partition(steps);
  if (sets.count > maxRows) foldBehind(steps, layers, sets, maxRows);
  for (const alikeBy of [bySiblings, byAction, byState]) {
    if (sets.count > maxRows) foldAlike(layers, sets, alikeBy);
  }
  if (sets.count > maxRows) foldAhead(steps, layers, sets, maxRows);
  return rowsOf(all, layers, sets);
}

/** The partition of the steps into rows. */
class Partition {
  readonly #setOf: Map<number, string>;
  readonly #sizes: Map<string, number>;

  /** At first, each step is one row. */
  constructor(steps: StepsByPosition) {
    this.#setOf = new Map([...steps.keys()].map(position => [position, `only ${position}`]));
    this.#sizes = new Map([...this.#setOf.values()].map(set => [set, 1]));
  }

  get count(): number {
    return this.#sizes.size;
  }

  of({ position }: Pick<WorkflowStep, 'position'>): string {
    return this.#setOf.get(position) ?? '';
  }

  /** Moves a step to another set. */
  move(step: WorkflowStep, set: string): void {
    const from = this.of(step);
    const left = (this.#sizes.get(from) ?? 1) - 1;
    if (left === 0) this.#sizes.delete(from);
    else this.#sizes.set(from, left);
    this.#setOf.set(step.position, set);
    this.#sizes.set(set, (this.#sizes.get(set) ?? 0) + 1);
  }
}

/** The steps in layers: the layer of a step is the length of the longest path to it. */
export function layersOf(steps: StepsByPosition): WorkflowStep[][] {
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

function dependentsOf(steps: StepsByPosition): Map<number, WorkflowStep[]> {
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

/** Folds ended steps, layer by layer from the first, until there are few enough rows. */
function foldBehind(steps: StepsByPosition, layers: WorkflowStep[][], sets: Partition, maxRows: number): void {
  for (const layer of layers) {
    for (const step of layer) {
      const isFirst = step.dependencies.every(position => {
        const before = steps.get(position);
        return !before || sets.of(before) === 'behind';
      });
      if (BEHIND.has(step.state) && isFirst) sets.move(step, 'behind');
    }
    if (sets.count <= maxRows) return;
  }
}

/** Folds steps that have not started, layer by layer from the last. */
function foldAhead(steps: StepsByPosition, layers: WorkflowStep[][], sets: Partition, maxRows: number): void {
  const dependents = dependentsOf(steps);
  for (const layer of layers.toReversed()) {
    for (const step of layer) {
      const isLast = (dependents.get(step.position) ?? []).every(each => sets.of(each) === 'ahead');
      if (AHEAD.has(step.state) && isLast && sets.of(step) !== 'behind') sets.move(step, 'ahead');
    }
    if (sets.count <= maxRows) return;
  }
}

/** Folds the steps of each layer that have the same key. */
function foldAlike(layers: WorkflowStep[][], sets: Partition, keyOf: (step: WorkflowStep) => string): void {
  layers.forEach((layer, depth) => {
    for (const step of layer) if (sets.of(step) !== 'behind') sets.move(step, `${depth} ${keyOf(step)}`);
  });
}

const bySiblings = (step: WorkflowStep): string => `${step.state} ${step.action} ${step.dependencies.join()}`;
const byAction = (step: WorkflowStep): string => `${step.state} ${step.action}`;
const byState = (step: WorkflowStep): string => step.state;

function rowsOf(
  all: readonly WorkflowStep[],
  layers: readonly (readonly WorkflowStep[])[],
  sets: Partition,
): GraphRow[] {
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
  // The row of distant pending steps is last, even if its first step is in an earlier layer.
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
