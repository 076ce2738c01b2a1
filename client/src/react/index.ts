// Entry point of the React hooks: live data of a hub in components.

export {
  useAgents,
  useEvents,
  useInbox,
  useWorkflow,
  type EventsOptions,
  type InboxOptions,
  type WorkflowView,
} from './hooks.ts';
export type { Live } from './live.ts';
export { AgoraProvider, useAgora, type Agora, type AgoraProviderProps } from './provider.ts';
export { agoraHooks, type AgoraHooks, type TypedProviderProps } from './typed-hooks.ts';
