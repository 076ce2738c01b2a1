// Tables of any length: only the rows on the screen are in the document.

import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

/** A column: its heading, width and cell. */
export interface Column<Row> {
  readonly name: string;
  /** A width of a grid, such as `2fr` or `6rem`. */
  readonly width: string;
  readonly cell: (row: Row) => ReactNode;
  readonly isNumber?: boolean;
  /** Left out on narrow screens. */
  readonly isMinor?: boolean;
}

/** A table: its rows, columns and links. */
export interface TableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** Where a row leads. */
  readonly hrefOf?: (row: Row) => string | undefined;
}

const ROW = 44;
/** Up to this many rows no window is needed. */
const FEW = 120;
const SPARE = 12;

/** A live table. Arrow keys move between the rows; the link in a row opens it. */
export function Table<Row>({ label, rows, columns, keyOf, hrefOf }: TableProps<Row>) {
  const body = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ from: 0, to: 40 });
  const isWhole = rows.length <= FEW;
  useEffect(() => {
    if (isWhole) return;
    let frame = 0;
    const measure = () => {
      frame = 0;
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const from = Math.max(0, Math.floor(-top / ROW) - SPARE);
      const to = from + Math.ceil(innerHeight / ROW) + 2 * SPARE;
      setRange(old => (old.from === from && old.to === to ? old : { from, to }));
    };
    const schedule = () => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    addEventListener('scroll', schedule, { passive: true });
    addEventListener('resize', schedule);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', schedule);
      removeEventListener('resize', schedule);
    };
  }, [isWhole]);
  const from = isWhole ? 0 : Math.min(range.from, rows.length);
  const to = isWhole ? rows.length : Math.min(range.to, rows.length);
  const template = columns.map(({ width }) => width).join(' ');
  const phone = columns
    .filter(({ isMinor }) => isMinor !== true)
    .map(({ width }) => width)
    .join(' ');
  const style: Record<string, string> = { '--columns': template, '--columns-phone': phone };
  return (
    <div className="table" role="table" aria-label={label} aria-rowcount={rows.length + 1} style={style}>
      <div className="row head" role="row" aria-rowindex={1}>
        {columns.map(column => (
          <div key={column.name} role="columnheader" className={classOf(column)}>
            {column.name}
          </div>
        ))}
      </div>
      <div ref={body} className="rows" role="rowgroup" onKeyDown={moveFocus}>
        <div style={{ height: from * ROW }} aria-hidden="true" />
        {rows.slice(from, to).map((row, at) => {
          const link = hrefOf?.(row);
          return (
            <div
              key={keyOf(row)}
              className={`row${link === undefined ? '' : ' linked'}`}
              role="row"
              aria-rowindex={from + at + 2}
            >
              {columns.map((column, index) => (
                <div key={column.name} role="cell" className={classOf(column)}>
                  {index === 0 && link !== undefined ? (
                    <a className="row-link" href={link}>
                      {column.cell(row)}
                    </a>
                  ) : (
                    column.cell(row)
                  )}
                </div>
              ))}
            </div>
          );
        })}
        <div style={{ height: (rows.length - to) * ROW }} aria-hidden="true" />
      </div>
    </div>
  );
}

function classOf({ isNumber, isMinor }: { readonly isNumber?: boolean; readonly isMinor?: boolean }): string {
  return `cell${isNumber === true ? ' number' : ''}${isMinor === true ? ' minor' : ''}`;
}

function moveFocus(event: KeyboardEvent<HTMLDivElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0 || !(event.target instanceof HTMLElement) || event.target.matches('input, select, textarea')) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('.row-link')];
  const at = links.findIndex(link => link.closest('.row')?.contains(event.target as Node));
  const next = links[at + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
