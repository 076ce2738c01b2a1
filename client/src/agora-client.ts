// The client of an agent: all calls of a hub as one object. Its methods are in calls/, one class per noun.

import type { ClientBase } from './calls/client-base.ts';
import { reportUnawaited } from './calls/commands.ts';
import { ClaimCalls } from './calls/claim-calls.ts';
import type { AgoraClientOptions } from './options.ts';
import type { AgoraTypes, NoTypes } from './wire/message-types.ts';

/** Calls with an effect, which a program may make without awaiting them. */
const COMMANDS = [
  'connect',
  'registerAgent',
  'resumeAgent',
  'detachAgent',
  'updateAgent',
  'setStatus',
  'unregisterAgent',
  'joinGroup',
  'leaveGroup',
  'sendMessage',
  'broadcast',
  'batch',
  'forward',
  'cancel',
  'subscribeToMessages',
  'serve',
  'goIdle',
  'subscribeToEvents',
  'publishEvent',
  'startWorkflowCoordination',
  'approveStep',
  'rejectStep',
  'claim',
  'releaseClaim',
] as const satisfies readonly (keyof AgoraClient)[];

/**
 * The client of one agent on a hub. Every method may throw an `AgoraError` with a stable `code`; a lost connection comes
 * back by itself, and calls wait for it up to `offlineTimeoutMs` (10 s).
 *
 * @example
 * ```ts
 * await using client = new AgoraClient('DocSystemAgent');
 * await client.connect();
 * await client.registerAgent({ agentType: 'specialist', capabilities: ['documentation'] });
 * await client.serve({ messages: { documentation_request: ({ payload }) => ({ title: payload.title }) } });
 * ```
 */
export class AgoraClient<Types extends AgoraTypes = NoTypes> extends ClaimCalls<Types> {
  static {
    reportUnawaited(AgoraClient.prototype as ClientBase, COMMANDS);
  }

  /** For the compiler alone. A mapped type makes clients of any types assignable to a client without declared types. */
  declare readonly '~types'?: { readonly [Name in keyof Types]?: Types[Name] };

  /**
   * Creates a client, which is passive until `connect`. Throws `agent/bad-name`, `client/bad-option`.
   *
   * @example
   * ```ts
   * const types = defineMessages({ build: { payload: z.object({ target: z.string() }) } });
   * const client = new AgoraClient('Builder', { server: 'http://127.0.0.1:3000', types, outbox: true });
   * ```
   */
  constructor(name: string, options: AgoraClientOptions<Types> = {}) {
    super(name, options);
  }
}
