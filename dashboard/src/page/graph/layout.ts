// Places the steps of a workflow on layers, each behind all that it depends on. Pure, and repeated only when edges change.

/** A node and the nodes that it depends on. */
export interface GraphNode {
  readonly id: number;
  readonly dependencies: readonly number[];
}

/** Where a node is: its layer from the left and its place in it. */
export interface Place {
  readonly layer: number;
  readonly row: number;
}

/** A layout: places by id, and its size in layers and rows. */
export interface Layout {
  readonly places: ReadonlyMap<number, Place>;
  readonly layers: number;
  readonly rows: number;
}

const SWEEPS = 4;

/** Layers by the longest path; rows by the mean of the neighbours, in a few sweeps. Cycles, which no workflow has, are cut. */
export function layOut(nodes: readonly GraphNode[]): Layout {
  const byId = new Map(nodes.map(node => [node.id, node]));
  const layerOf = new Map<number, number>();
  const layer = (id: number, path: ReadonlySet<number>): number => {
    const known = layerOf.get(id);
    if (known !== undefined) return known;
    const node = byId.get(id);
    if (!node || path.has(id)) return -1;
    const longer = new Set([...path, id]);
    const found = Math.max(-1, ...node.dependencies.map(each => layer(each, longer))) + 1;
    layerOf.set(id, found);
    return found;
  };
  const layers: number[][] = [];
  for (const { id } of nodes) {
    const at = layer(id, new Set());
    (layers[at] ??= []).push(id);
  }
  const dependents = new Map<number, number[]>();
  for (const { id, dependencies } of nodes) {
    for (const each of dependencies) dependents.set(each, [...(dependents.get(each) ?? []), id]);
  }
  const row = new Map<number, number>();
  const number = () => {
    for (const ids of layers)
      for (const [at, id] of (ids ?? []).entries()) row.set(id, at - ((ids?.length ?? 1) - 1) / 2);
  };
  number();
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForward = sweep % 2 === 0;
    for (const ids of isForward ? layers : layers.toReversed()) {
      const mean = (id: number) => {
        const near = isForward ? (byId.get(id)?.dependencies ?? []) : (dependents.get(id) ?? []);
        const rows = near.flatMap(each => row.get(each) ?? []);
        return rows.length === 0 ? (row.get(id) ?? 0) : rows.reduce((sum, each) => sum + each, 0) / rows.length;
      };
      ids?.sort((a, b) => mean(a) - mean(b) || a - b);
    }
    number();
  }
  const rows = Math.max(1, ...layers.map(ids => ids?.length ?? 0));
  const places = new Map<number, Place>();
  for (const [at, ids] of layers.entries()) {
    for (const id of ids ?? []) places.set(id, { layer: at, row: (row.get(id) ?? 0) + (rows - 1) / 2 });
  }
  return { places, layers: layers.length, rows };
}
