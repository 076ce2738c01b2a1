// The client that the components beneath it use: one that the program made, or one that lives as long as the provider.

import {
  createContext,
  createElement,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from 'react';
import { AgoraClient } from '../agora-client.ts';
import type { ConnectionState } from '../connection/connection-state.ts';
import { toAgoraError, type AgoraError } from '../base/errors.ts';
import type { AgoraClientOptions } from '../options.ts';
import type { Registration } from '../agents/own-agent.ts';

/** A client of the program, which connects and closes it; or the name of an agent, whose client the provider makes. */
export type AgoraProviderProps = { readonly children?: ReactNode } & (
  | {
      readonly client: AgoraClient;
      readonly name?: undefined;
      readonly options?: undefined;
      readonly registration?: undefined;
    }
  | {
      readonly client?: undefined;
      /** Read once, like `options` and `registration`: give the provider another `key` to have another client. */
      readonly name: string;
      readonly options?: AgoraClientOptions | undefined;
      /** With it the agent is registered, and has an inbox; without, the client only looks on. */
      readonly registration?: Registration | undefined;
    }
);

/** The client, and how its connection is. */
export interface Agora {
  readonly client: AgoraClient;
  readonly state: ConnectionState;
  /** Why there is no connection, or why the agent could not be registered. */
  readonly error: AgoraError | undefined;
}

interface Known {
  readonly client: AgoraClient;
  /** Why the client of the provider could not do its first steps. */
  readonly error: AgoraError | undefined;
}

const Context = createContext<Known | undefined>(undefined);

/** Gives the components beneath it a client. One that it made it connects when it is mounted, and closes when it has gone. */
export function AgoraProvider(props: AgoraProviderProps): ReactNode {
  return props.client
    ? createElement(Context.Provider, { value: knownOf(props.client) }, props.children)
    : createElement(OwnClient, props);
}

/** The same object for the same client, so that nobody renders anew for nothing. */
const known = new WeakMap<AgoraClient, Known>();
function knownOf(client: AgoraClient): Known {
  const found = known.get(client) ?? { client, error: undefined };
  known.set(client, found);
  return found;
}

type Named = Extract<AgoraProviderProps, { readonly name: string }>;

function OwnClient({ name, options, registration, children }: Named): ReactNode {
  // Nothing happens before it connects, so one that React throws away costs nothing.
  const [own, setOwn] = useState<Known>(() => ({ client: new AgoraClient(name, options), error: undefined }));
  const [wanted] = useState(registration);
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { client } = own;
  useEffect(() => {
    // In strict mode React leaves and comes back at once: that is no reason to close.
    clearTimeout(leaving.current);
    start(client, wanted).catch((error: unknown) => {
      if (client.state !== 'closed') setOwn({ client, error: toAgoraError(error) });
    });
    return () => {
      leaving.current = setTimeout(() => void client.close());
    };
  }, [client, wanted]);
  return createElement(Context.Provider, { value: own }, children);
}

const started = new WeakMap<AgoraClient, Promise<void>>();

/** Connects and registers, once however often it is asked. */
function start(client: AgoraClient, registration: Registration | undefined): Promise<void> {
  const starting = started.get(client) ?? begin(client, registration);
  started.set(client, starting);
  return starting;
}

async function begin(client: AgoraClient, registration: Registration | undefined): Promise<void> {
  await client.connect();
  if (registration) await client.registerAgent(registration);
}

/** The client of the provider above, and how its connection is. Throws where there is no provider. */
export function useAgora(): Agora {
  const { client, error } = useKnown();
  const connection = connectionOf(client);
  const { state, error: lost } = useSyncExternalStore(connection.subscribe, connection.snapshot, connection.snapshot);
  return { client, state, error: lost ?? error };
}

/** The client of the provider above. */
export function useClient(): AgoraClient {
  return useKnown().client;
}

function useKnown(): Known {
  const found = useContext(Context);
  if (!found) throw new Error('there is no AgoraProvider around this component');
  return found;
}

interface ConnectionStore {
  readonly subscribe: (listener: () => void) => () => void;
  readonly snapshot: () => Pick<Agora, 'state' | 'error'>;
}

const connections = new WeakMap<AgoraClient, ConnectionStore>();

/** The state of a client's connection, followed from the first look on. */
function connectionOf(client: AgoraClient): ConnectionStore {
  const found = connections.get(client);
  if (found) return found;
  const listeners = new Set<() => void>();
  let now: Pick<Agora, 'state' | 'error'> = { state: client.state, error: undefined };
  client.on('connection', ({ state, error }) => {
    now = { state, error };
    for (const listener of [...listeners]) listener();
  });
  const store: ConnectionStore = {
    subscribe: listener => {
      const tell = () => listener();
      listeners.add(tell);
      return () => void listeners.delete(tell);
    },
    snapshot: () => now,
  };
  connections.set(client, store);
  return store;
}
