// The list of a page: its refusal, its loading state, the empty state with a command to try, or its table.

import type { Refusal } from '../hub/refusal.ts';
import { Empty, Loading, Panel, Refused } from './layout.tsx';
import { Table, type TableProps } from './table.tsx';

interface ListingProps<Row> extends TableProps<Row> {
  readonly refusal: Refusal | undefined;
  readonly isLoading: boolean;
  /** Shown without rows. */
  readonly empty: string;
  readonly about?: string;
  readonly command?: string;
  /** Reads further rows; undefined if all are there. */
  readonly onMore?: (() => void) | undefined;
}

export function Listing<Row>({ refusal, isLoading, empty, about, command, onMore, ...table }: ListingProps<Row>) {
  return (
    <Panel className="flush">
      {refusal ? (
        <Refused refusal={refusal} />
      ) : isLoading ? (
        <Loading rows={8} />
      ) : table.rows.length === 0 ? (
        <Empty title={empty} {...(command !== undefined && { command })}>
          {about}
        </Empty>
      ) : (
        <Table {...table} />
      )}
      {onMore && (
        <button type="button" className="small more" onClick={onMore}>
          Show more
        </button>
      )}
    </Panel>
  );
}
