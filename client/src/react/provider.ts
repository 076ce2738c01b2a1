// Provides a client to its child components: one of the program, or one that lives as long as the provider.

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
import type { Registration } from '../agents/registration.ts';

/** A client that the program connects and closes; or the name of an agent, whose client the provider creates. */
export type AgoraProviderProps = { readonly children?: ReactNode } & (
  | {
      readonly client: AgoraClient;
      readonly name?: undefined;
      readonly options?: undefined;
      readonly registration?: undefined;
    }
  | {
      readonly client?: undefined;
      /** Read once, like `options` and `registration`; another `key` of the provider creates another client. */
      readonly name: string;
      readonly options?: AgoraClientOptions | undefined;
      /** Registers the agent, so that it has an inbox. Without it the client only reads. */
      readonly registration?: Registration | undefined;
    }
);

/** The client and the state of its connection. */
export interface Agora {
  readonly client: AgoraClient;
  readonly state: ConnectionState;
  /** Why there is no connection, or why the registration failed. */
  readonly error: AgoraError | undefined;
}

interface Known {
  readonly client: AgoraClient;
  /** Why the client could not connect or register. */
  readonly error: AgoraError | undefined;
}

const Context = createContext<Known | undefined>(undefined);

/**
 * Provides a client to its child components. A client that it creates connects on mount and closes on unmount.
 *
 * @example
 * ```tsx
 * import { AgoraProvider } from '@agora/client/react';
 *
 * const page = (
 *   <AgoraProvider name="Reviewer" registration={{ agentType: 'person' }}>
 *     <main>…</main>
 *   </AgoraProvider>
 * );
 * ```
 */
export function AgoraProvider(props: AgoraProviderProps): ReactNode {
  return props.client
    ? createElement(Context.Provider, { value: knownOf(props.client) }, props.children)
    : createElement(OwnClient, props);
}

/** Returns the same object for the same client, which avoids needless renderings. */
const known = new WeakMap<AgoraClient, Known>();
function knownOf(client: AgoraClient): Known {
  const found = known.get(client) ?? { client, error: undefined };
  known.set(client, found);
  return found;
}

type Named = Extract<AgoraProviderProps, { readonly name: string }>;

function OwnClient({ name, options, registration, children }: Named): ReactNode {
  // A client is passive until it connects, so one that React discards needs no cleanup.
  const [own, setOwn] = useState<Known>(() => ({ client: new AgoraClient(name, options), error: undefined }));
  const [wanted] = useState(registration);
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { client } = own;
  useEffect(() => {
    // Strict mode unmounts and immediately mounts again, which must not close the client.
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

/** Connects and registers, once per client. */
function start(client: AgoraClient, registration: Registration | undefined): Promise<void> {
  const starting = started.get(client) ?? begin(client, registration);
  started.set(client, starting);
  return starting;
}

async function begin(client: AgoraClient, registration: Registration | undefined): Promise<void> {
  await client.connect();
  if (registration) await client.registerAgent(registration);
}

/**
 * Returns the client of the provider and the state of its connection. Throws without a provider.
 *
 * @example
 * ```tsx
 * import { useAgora } from '@agora/client/react';
 *
 * function Status() {
 *   const { state, error } = useAgora();
 *   return <p>{error ? error.message : state}</p>;
 * }
 * ```
 */
export function useAgora(): Agora {
  const { client, error } = useKnown();
  const connection = connectionOf(client);
  const { state, error: lost } = useSyncExternalStore(connection.subscribe, connection.snapshot, connection.snapshot);
  return { client, state, error: lost ?? error };
}

/** Returns the client of the provider. */
export function useClient(): AgoraClient {
  return useKnown().client;
}

function useKnown(): Known {
  const found = useContext(Context);
  if (!found) throw new Error('this component is not inside an AgoraProvider');
  return found;
}

interface ConnectionStore {
  readonly subscribe: (listener: () => void) => () => void;
  readonly snapshot: () => Pick<Agora, 'state' | 'error'>;
}

const connections = new WeakMap<AgoraClient, ConnectionStore>();

/** Returns the store of a client's connection state, subscribed from the first call on. */
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
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    snapshot: () => now,
  };
  connections.set(client, store);
  return store;
}
