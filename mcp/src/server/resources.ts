// Resources for people and programs that look on: agents, the inbox, and workflows. No client wakes its model by them.

import { ResourceTemplate, type McpServer } from '@modelcontextprotocol/server';
import type { AgentSession } from '../agent/agent-session.ts';
import { headlineOf } from '../mail/entry.ts';
import { AGENTS_URI, INBOX_URI, WORKFLOW_URI } from './resource-uris.ts';

const MAX_AGENTS = 500;

const JSON_TYPE = 'application/json';

/** Adds all resources to a server. `follow` is called when a client reads one that changes with the hub. */
export function addResources(server: McpServer, session: () => AgentSession, follow: () => Promise<void>): void {
  server.registerResource(
    'inbox',
    INBOX_URI,
    { description: 'Open mail of this agent', mimeType: JSON_TYPE },
    async uri => {
      await session().open();
      const { mailbox } = session();
      const mail = mailbox.list().map(entry => headlineOf(entry, mailbox.isNew(entry)));
      return contentsOf(uri, { counts: mailbox.counts(), mail });
    },
  );
  server.registerResource(
    'agents',
    AGENTS_URI,
    { description: 'Agents of the hub', mimeType: JSON_TYPE },
    async uri => {
      await follow();
      const client = await session().open();
      const agents = (await client.findAgents()).slice(0, MAX_AGENTS);
      return contentsOf(
        uri,
        agents.map(({ name, presence, status, capabilities }) => ({ name, presence, status, capabilities })),
      );
    },
  );
  const template = new ResourceTemplate(WORKFLOW_URI, { list: undefined });
  const about = { description: 'A workflow with its steps', mimeType: JSON_TYPE };
  server.registerResource('workflow', template, about, async (uri, { id }) => {
    await follow();
    const client = await session().open();
    await using handle = await client.workflow(String(id));
    return contentsOf(uri, { ...handle.status(), steps: await handle.steps() });
  });
}

function contentsOf(uri: URL, value: unknown) {
  return { contents: [{ uri: uri.href, mimeType: JSON_TYPE, text: JSON.stringify(value) }] };
}
