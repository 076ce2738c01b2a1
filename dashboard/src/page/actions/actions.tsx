// Actions and their receipts: pending, then applied once the hub shows the effect, or refused with the code of the hub.

import type { DbConnection } from '@agora/bindings';
import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from 'react';
import { visible } from '../base/format.ts';
import { useHub } from '../hub/hooks.ts';
import type { Hub } from '../hub/hub.ts';
import { type Refusal, toRefusal } from '../hub/refusal.ts';
import { Icon } from '../ui/icons.tsx';

/** One action and what became of it. */
export interface Receipt {
  readonly no: number;
  readonly label: string;
  readonly state: 'pending' | 'applied' | 'accepted' | 'refused';
  readonly refusal?: Refusal;
  readonly link?: string | undefined;
}

/** An action. */
export interface Action {
  readonly label: string;
  readonly perform: (db: DbConnection) => Promise<unknown>;
  /** Returns true once the hub shows the effect; a live view or a fresh read. */
  readonly isApplied: (db: DbConnection) => Promise<boolean> | boolean;
  /** The page of what it made. */
  readonly link?: string;
}

interface Actions {
  readonly receipts: readonly Receipt[];
  /** Settles once the hub has accepted the call, or with its refusal; the receipt shows when the effect is visible. */
  readonly run: (action: Action) => Promise<Refusal | undefined>;
  readonly dismiss: (no: number) => void;
}

const Context = createContext<Actions | undefined>(undefined);
const MAX_RECEIPTS = 4;
/** An effect that is not visible after this time is shown as accepted only. */
const VISIBLE_WITHIN_MS = 8_000;
const LOOK_AGAIN_MS = 700;
const SHOWN_MS = 6_000;

export function ActionsProvider({ children }: { readonly children: ReactNode }) {
  const hub = useHub();
  const [receipts, setReceipts] = useState<readonly Receipt[]>([]);
  const numbers = useRef(0);
  const dismiss = useCallback((no: number) => setReceipts(list => list.filter(receipt => receipt.no !== no)), []);
  const run = useCallback(
    async ({ label, perform, isApplied, link }: Action) => {
      const no = ++numbers.current;
      const set = (receipt: Receipt) =>
        setReceipts(list => [...list.filter(each => each.no !== no), receipt].slice(-MAX_RECEIPTS));
      set({ no, label, state: 'pending' });
      try {
        await hub.call(perform);
        hub.tables.beat();
        void becomesVisible(hub, isApplied).then(isVisible => {
          hub.tables.beat();
          set({ no, label, state: isVisible ? 'applied' : 'accepted', link });
          setTimeout(() => dismiss(no), SHOWN_MS);
        });
        return undefined;
      } catch (error) {
        const refusal = toRefusal(error);
        set({ no, label, state: 'refused', refusal });
        return refusal;
      }
    },
    [hub, dismiss],
  );
  const value = useMemo(() => ({ receipts, run, dismiss }), [receipts, run, dismiss]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useActions(): Actions {
  const actions = useContext(Context);
  if (!actions) throw new Error('no actions are provided');
  return actions;
}

async function becomesVisible(hub: Hub, isApplied: Action['isApplied']): Promise<boolean> {
  const until = Date.now() + VISIBLE_WITHIN_MS;
  while (Date.now() < until) {
    try {
      if (await hub.call(db => Promise.resolve(isApplied(db)))) return true;
    } catch {
      // Not there yet; a lost connection comes back within the time, or not.
    }
    await changes(hub);
  }
  return false;
}

/** Settles with the next change of the hub, or after a moment. */
function changes(hub: Hub): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer);
      release();
      resolve();
    };
    const timer = setTimeout(end, LOOK_AGAIN_MS);
    const release = hub.tables.onPulse(end);
  });
}

const SIGNS = { pending: '◌', applied: '✓', accepted: '✓', refused: '✕' } as const;
const WORDS = {
  pending: 'pending',
  applied: 'applied',
  accepted: 'accepted, not visible yet',
  refused: 'refused',
} as const;

/** The receipts of the last actions, above the page. */
export function Receipts() {
  const { receipts, dismiss } = useActions();
  return (
    <ol className="receipts" aria-live="polite" aria-label="Receipts of actions">
      {receipts.map(({ no, label, state, refusal, link }) => (
        <li key={no} className={`receipt ${state}`} data-state={state}>
          <span className="sign" aria-hidden="true">
            {SIGNS[state]}
          </span>
          <div>
            <p>
              {visible(label)} <strong>{WORDS[state]}</strong>
            </p>
            {refusal && (
              <p className="receipt-why">
                {visible(refusal.message)} <code>{visible(refusal.code)}</code>
              </p>
            )}
            {link !== undefined && <a href={link}>Open</a>}
          </div>
          <button
            type="button"
            className="ghost square"
            aria-label={`Dismiss: ${visible(label)}`}
            onClick={() => dismiss(no)}
          >
            <Icon name="cross" size={14} />
          </button>
        </li>
      ))}
    </ol>
  );
}
