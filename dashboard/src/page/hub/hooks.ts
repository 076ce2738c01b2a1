// Hooks of the pages: live rows, reads that repeat when something changed, and the state of the connection.

import type { DbConnection } from '@agora/bindings';
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import type { Hub, Me, Phase } from './hub.ts';
import { type AgentRow, EVENTS_QUERY, type EventRow, type Row, type Table } from './live-tables.ts';
import { type Refusal, toRefusal } from './refusal.ts';

export const HubContext = createContext<Hub | undefined>(undefined);

export function useHub(): Hub {
  const hub = useContext(HubContext);
  if (!hub) throw new Error('no hub is provided');
  return hub;
}

export function usePhase(): Phase {
  const hub = useHub();
  return useSyncExternalStore(hub.onChange, () => hub.phase);
}

/** Who the token is; the pages are shown after the first connection only. */
export function useMe(): Me {
  const hub = useHub();
  const me = useSyncExternalStore(hub.onChange, () => hub.me);
  if (!me) throw new Error('not connected yet');
  return me;
}

/** Live rows of a table while a component shows them; the rows of all held queries of the table. */
export function useRows<Name extends Table>(name: Name, query: string | undefined): readonly Row<Name>[] {
  const { tables } = useHub();
  useHold(query === undefined ? NONE : [query]);
  return useSyncExternalStore(tables.onRows, () => tables.rows(name));
}

/** True once the rows of a query are there. */
export function useIsApplied(query: string): boolean {
  const { tables } = useHub();
  return useSyncExternalStore(tables.onRows, () => tables.isApplied(query));
}

const NONE: readonly string[] = [];

function useHold(queries: readonly string[]): void {
  const { tables } = useHub();
  const key = queries.join(';');
  useEffect(() => {
    const release = (key === '' ? [] : key.split(';')).map(query => tables.hold(query));
    return () => {
      for (const each of release) each();
    };
  }, [tables, key]);
}

/** Events that arrive while the page is open. */
export function useLiveEvents(): readonly EventRow[] {
  const { tables } = useHub();
  useHold(EVENTS);
  return useSyncExternalStore(tables.onRows, () => tables.events);
}
const EVENTS = [EVENTS_QUERY];

/** The agents of the caller. */
export function useOwnAgents(): readonly AgentRow[] {
  const { identity } = useMe();
  const hex = identity.toHexString();
  const agents = useRows('agent', `SELECT * FROM agent WHERE owner = 0x${hex}`);
  return useMemo(
    () =>
      agents
        .filter(({ owner }) => owner.__identity__ === identity.__identity__)
        .sort((a, b) => a.name.localeCompare(b.name)),
    [agents, identity],
  );
}

/** Agents by their numbers: only those are subscribed. */
export function useAgentsById(ids: readonly bigint[]): ReadonlyMap<bigint, AgentRow> {
  const { tables } = useHub();
  const wanted = [...new Set(ids)].filter(id => id > 0n && id < 2n ** 31n).sort((a, b) => Number(a - b));
  useHold(queriesOf(wanted));
  const agents = useSyncExternalStore(tables.onRows, () => tables.rows('agent'));
  return useMemo(() => new Map(agents.map(agent => [agent.id, agent])), [agents]);
}

/** Agents in one query. */
const PER_QUERY = 64;

function queriesOf(ids: readonly bigint[]): string[] {
  const queries = [];
  for (let at = 0; at < ids.length; at += PER_QUERY) {
    const conditions = ids.slice(at, at + PER_QUERY).map(id => `id = ${id}`);
    queries.push(`SELECT * FROM agent WHERE ${conditions.join(' OR ')}`);
  }
  return queries;
}

/** One agent by its name. */
export function useAgent(name: string): { readonly agent: AgentRow | undefined; readonly isReady: boolean } {
  // Names are letters, digits, `_`, `.` and `-`; no other text reaches the query.
  const query = `SELECT * FROM agent WHERE name = '${/^[\w.-]{1,64}$/.test(name) ? name : ''}'`;
  const agents = useRows('agent', query);
  const isReady = useIsApplied(query);
  const agent = useMemo(() => agents.find(row => row.name === name), [agents, name]);
  return { agent, isReady: isReady || agent !== undefined };
}

/** The result of a read, with its refusal; the last data stay while it is read again. */
export interface Read<T> {
  readonly data: T | undefined;
  readonly refusal: Refusal | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/** Between two reads of the same data. */
const MIN_PAUSE_MS = 350;

/**
 * Reads from the hub, again whenever the hub changed, and for another `key`. The subscriptions that announce changes are held
 * while the component is shown: the counters for operators, else the caller's inbox; `onEvents` adds the events. The data of
 * another key with the same `keep` stay until the new ones are there.
 */
export function useRead<T>(
  key: string | undefined,
  read: (db: DbConnection) => Promise<T>,
  { onEvents = false, keep = key }: { readonly onEvents?: boolean; readonly keep?: string | undefined } = {},
): Read<T> {
  const hub = useHub();
  const { isOperator } = useMe();
  const queries = isOperator ? ['SELECT * FROM hub_status'] : ['SELECT * FROM my_inbox'];
  useHold(onEvents || !isOperator ? [...queries, EVENTS_QUERY] : queries);
  const [state, setState] = useState<{ keep: string | undefined; data?: T; refusal?: Refusal }>({ keep });
  const latest = useRef(read);
  latest.current = read;
  const again = useRef<() => void>(() => undefined);
  useEffect(() => {
    if (key === undefined) return;
    let isCurrent = true;
    let isRunning = false;
    let isWanted = false;
    const run = async () => {
      if (isRunning) {
        isWanted = true;
        return;
      }
      isRunning = true;
      try {
        const data = await hub.call(db => latest.current(db));
        if (isCurrent) setState({ keep, data });
      } catch (error) {
        const refusal = toRefusal(error);
        // Data of before the loss stay; the connection has its own notice.
        if (isCurrent && !refusal.code.startsWith('connection/'))
          setState(old => ({ ...(old.keep === keep ? old : {}), keep, refusal }));
      }
      await new Promise(resolve => setTimeout(resolve, MIN_PAUSE_MS));
      isRunning = false;
      if (isWanted && isCurrent) {
        isWanted = false;
        void run();
      }
    };
    again.current = () => void run();
    void run();
    const release = hub.tables.onPulse(() => void run());
    return () => {
      isCurrent = false;
      release();
    };
  }, [hub, key, keep]);
  const reload = useCallback(() => again.current(), []);
  const isSame = state.keep === keep;
  const data = isSame ? state.data : undefined;
  const refusal = isSame ? state.refusal : undefined;
  return { data, refusal, isLoading: key !== undefined && data === undefined && refusal === undefined, reload };
}
