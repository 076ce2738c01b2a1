// Work of a workflow that a trigger has caused and that is not done yet: a queue, stored with the workflow. A call performs jobs
// until it has touched its share of rows (`unit.isSpent`); a timer continues. Each job does one bounded part of its work at a
// time, and goes back to the front of the queue with its cursor.

/**
 * A pass over the steps from a position on: begins those that wait for no other step, counts the ended dependencies of pending
 * ones, assigns ready ones after a pause, and pauses or resumes nested workflows.
 */
export interface PassJob {
  readonly do: 'release' | 'recount' | 'resume' | 'pause-nested' | 'resume-nested';
  readonly at: number;
}

/** A job. Steps are named by position. */
export type Job =
  /** Counts the end of a step at its dependents, from the dependent `at` on (I4). */
  | { readonly do: 'update'; readonly step: number; readonly at: number }
  | PassJob
  /** Cancels what only the dependencies of `open` are for, since the join of `winner` is decided. */
  | { readonly do: 'losers'; readonly winner: number; readonly open: readonly number[] }
  /** Begins or skips a step whose join is decided. */
  | { readonly do: 'begin'; readonly step: number }
  /** Assigns the elements of a step, up to its concurrency. */
  | { readonly do: 'elements'; readonly step: number }
  /** Cancels the unfinished elements of a step from the element `at` on, then ends the step. */
  | {
      readonly do: 'end-elements';
      readonly step: number;
      readonly at: number;
      readonly reason: string;
      readonly trigger: 'cancel' | 'fail';
      readonly error: string;
    }
  /** Cancels the unfinished steps of a workflow that ends early, from a position on; then undoes the others. */
  | { readonly do: 'cancel'; readonly at: number; readonly reason: string }
  /** Undoes the next step; ends the workflow after the last. */
  | { readonly do: 'undo' }
  /** Restarts `open` and their dependents; before, finds further ones from a position on, if a position is given. */
  | { readonly do: 'restart'; readonly open: readonly number[]; readonly at: number | undefined; readonly by: string }
  /** Copies succeeded steps of an ended workflow, by the order of their ends from `at` to `last`; not those in `again`. */
  | {
      readonly do: 'copy';
      readonly from: string;
      readonly at: number;
      readonly last: number;
      readonly again: readonly number[];
    }
  /** Tries `left` of the steps that are held by limits, until `misses` of them do not fit. */
  | { readonly do: 'held'; readonly left: number; readonly misses: number };

/** Jobs of a kind. */
export type JobOf<Kind extends Job['do']> = Job & { readonly do: Kind };

/** Reads a stored queue. */
export function readJobs(text: string): Job[] {
  return text === '' ? [] : (JSON.parse(text) as Job[]); // only `writeJobs` writes it
}

/** The stored form of a queue. */
export function writeJobs(jobs: readonly Job[]): string {
  return jobs.length === 0 ? '' : JSON.stringify(jobs);
}
