// Draws the edges of a graph as a gutter beside its rows, like `git log --graph`. A line goes down from each row to the rows
// that depend on it. Rows with the same dependents share a line, so a wide fan-out stays narrow.

/** The gutter of each row, all of one width; undefined if more than `maxLanes` parallel lines are needed. */
export function drawLanes(dependencies: readonly (readonly number[])[], maxLanes: number): string[] | undefined {
  const dependents = dependencies.map(() => new Set<number>());
  dependencies.forEach((rows, row) => rows.forEach(each => dependents[each]?.add(row)));

  /** For each column, the rows that its line still leads to. */
  const lanes: Set<number>[] = [];
  const drawn: Cell[][] = [];
  for (const [row, targets] of dependents.entries()) {
    const before = lanes.map(lane => lane.size > 0);
    const joined = new Set<number>();
    lanes.forEach((lane, column) => lane.delete(row) && joined.add(column));
    if (targets.size > 0) joined.add(takeLane(lanes, targets, joined));
    if (lanes.length > maxLanes) return undefined;
    const left = Math.min(...joined);
    drawn.push(
      lanes.map((lane, column) => ({
        up: before[column] === true,
        down: lane.size > 0,
        left: column > left,
        right: column >= left,
        isJoined: joined.has(column),
      })),
    );
  }
  const width = lanes.length;
  return drawn.map(cells => textOf(cells, width));
}

/** The column of the line from a row to its dependents: a line that already leads to them, or a free column. */
function takeLane(lanes: Set<number>[], targets: ReadonlySet<number>, joined: ReadonlySet<number>): number {
  const same = lanes.findIndex(lane => lane.size === targets.size && [...targets].every(each => lane.has(each)));
  if (same >= 0) return same;
  const free = [...joined].find(column => lanes[column]?.size === 0) ?? lanes.findIndex(lane => lane.size === 0);
  const column = free >= 0 ? free : lanes.length;
  lanes[column] = new Set(targets);
  return column;
}

/** One column of a row: the directions of its lines, and if they join or only cross. */
interface Cell {
  readonly up: boolean;
  readonly down: boolean;
  readonly left: boolean;
  readonly right: boolean;
  readonly isJoined: boolean;
}

function textOf(cells: readonly Cell[], width: number): string {
  let text = '';
  let isLine = false;
  for (let column = 0; column < width; column++) {
    const cell = cells[column];
    isLine ||= cell?.right === true;
    text += `${cell ? glyphOf(cell) : isLine ? '─' : ' '}${isLine ? '─' : ' '}`;
  }
  return text;
}

function glyphOf({ up, down, left, right, isJoined }: Cell): string {
  if (!isJoined) return up && down ? '│' : left && right ? '─' : ' ';
  if (up && down) return left ? '┼' : '├';
  if (up) return left ? '┴' : '╰';
  return left ? '┬' : '╭';
}
