// The hooks and the provider with the declared types of a program.

import { createElement, type ReactNode } from 'react';
import type { AgoraClient } from '../agora-client.ts';
import type { EventOf } from '../events/agora-event.ts';
import type { AgoraClientOptions } from '../options.ts';
import type { MessageOf } from '../receive/incoming-message.ts';
import type { AgoraTypes, EventsMatching } from '../wire/message-types.ts';
import { useAgents, useEvents, useInbox, useWorkflow, type EventsOptions, type InboxOptions } from './hooks.ts';
import type { Live } from './live.ts';
import { AgoraProvider, useAgora, type Agora, type AgoraProviderProps } from './provider.ts';

/** Properties of a provider with declared types: those of `AgoraProvider`; its client has the types. */
export type TypedProviderProps<Types extends AgoraTypes> = Omit<AgoraProviderProps, 'client' | 'options'> &
  (
    | { readonly client: AgoraClient<Types>; readonly name?: undefined; readonly options?: undefined }
    | {
        readonly client?: undefined;
        readonly name: string;
        readonly options?: Omit<AgoraClientOptions<Types>, 'types'> | undefined;
      }
  );

/** The hooks with declared types. */
export interface AgoraHooks<Types extends AgoraTypes> {
  readonly AgoraProvider: (props: TypedProviderProps<Types>) => ReactNode;
  readonly useAgora: () => Omit<Agora, 'client'> & { readonly client: AgoraClient<Types> };
  readonly useInbox: <const Type extends string>(
    options: InboxOptions<Type> & { readonly messageTypes: readonly Type[] },
  ) => Live<readonly MessageOf<Type, Types>[]>;
  readonly useEvents: <const Filter extends string>(
    types: Filter | readonly Filter[],
    options?: EventsOptions,
  ) => Live<readonly EventOf<EventsMatching<Filter, Types>, Types>[]>;
  readonly useAgents: typeof useAgents;
  readonly useWorkflow: typeof useWorkflow;
}

/**
 * Returns the provider and the hooks with the declared types of a program, which the client of the provider checks.
 *
 * @example
 * ```tsx
 * import { agoraHooks } from '@agora/client/react';
 *
 * const { AgoraProvider, useInbox } = agoraHooks(defineMessages({ build: { payload: z.object({ target: z.string() }) } }));
 *
 * function Builds() {
 *   const { data: builds } = useInbox({ messageTypes: ['build'] });
 *   return builds.map(({ id, payload }) => <p key={id}>{payload.target}</p>);
 * }
 * const page = <AgoraProvider name="Page" registration={{ agentType: 'person' }}><Builds /></AgoraProvider>;
 * ```
 */
export function agoraHooks<const Types extends AgoraTypes>(types: Types): AgoraHooks<Types> {
  const provider = (props: TypedProviderProps<Types>): ReactNode => {
    const given: AgoraProviderProps = props.client
      ? { ...props, client: props.client as AgoraClient, registration: undefined }
      : { ...props, options: { ...props.options, types } };
    return createElement(AgoraProvider, given);
  };
  // The client of the provider reads all messages and events by these types.
  const typed: unknown = { AgoraProvider: provider, useAgora, useInbox, useEvents, useAgents, useWorkflow };
  return typed as AgoraHooks<Types>;
}
