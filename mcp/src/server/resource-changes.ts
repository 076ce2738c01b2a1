// Changes of resources: of the inbox with its mail, of agents and workflows by the events of the hub. The hub is followed once a
// client has read one of them, so that agents without such a client cost nothing.

import type { AgoraClient } from '@agora/client';
import { WORKFLOW_EVENT_TYPES } from '@agora/module/contract';
import * as z from 'zod';
import type { AgentSession } from '../agent/agent-session.ts';
import { AGENTS_URI, INBOX_URI, workflowUri } from './resource-uris.ts';

const AGENT_EVENTS = ['agent_registration', 'agent_update', 'agent_offline', 'agent_unregistered'];
const OfWorkflow = z.looseObject({ workflow_id: z.string() });

/** Reports the addresses of changed resources of a session. */
export class ResourceChanges {
  readonly #session: AgentSession;
  readonly #notify: (uri: string) => void;
  #followed: AgoraClient | undefined;

  constructor(session: AgentSession, notify: (uri: string) => void) {
    this.#session = session;
    this.#notify = notify;
    session.mailbox.onChange(() => notify(INBOX_URI));
  }

  /** Follows agents and workflows from now on. Idempotent. */
  async follow(): Promise<void> {
    const client = await this.#session.open();
    if (this.#followed === client) return;
    this.#followed = client;
    await client.subscribeToEvents([...AGENT_EVENTS, ...WORKFLOW_EVENT_TYPES], {
      handler: ({ type, data }) => {
        if (AGENT_EVENTS.includes(type)) return this.#notify(AGENTS_URI);
        const parsed = OfWorkflow.safeParse(data);
        if (parsed.success) this.#notify(workflowUri(parsed.data.workflow_id));
      },
    });
  }
}
