// Live traffic of a small team: every kind of row that the pages show.

import { type AgoraClient, createId } from '@agora/client';
import type { Hub } from '@agora/hub';
import { agent } from './dashboard.ts';

/** A running scene. */
export interface Scene extends AsyncDisposable {
  readonly lead: AgoraClient;
  /** Answers `question`, fails `broken` finally, and holds everything else. */
  readonly writer: AgoraClient;
  readonly reviewer: AgoraClient;
  /** An answered ask, a held message, a queued message, and a dead one. */
  readonly messages: { readonly ask: string; readonly held: string; readonly queued: string; readonly dead: string };
  /** The claim of Writer on `docs/guide.md`; Reviewer waits for `docs/`. */
  readonly claim: string;
  /** A workflow that waits for the approval of its step `publish`. */
  readonly workflow: string;
}

/** Starts the scene; the operator of the hub owns all agents, unless `token` names another identity. */
export async function startScene(hub: Hub, token = hub.ownerToken): Promise<Scene> {
  const lead = await agent(hub, 'Lead', [], token);
  const writer = await agent(hub, 'Writer', ['draft', 'docs'], token);
  const reviewer = await agent(hub, 'Reviewer', ['review'], token);
  await writer.subscribeToMessages({
    filters: { messageTypes: ['question'] },
    handler: () => ({ words: 1_204, ready: true }),
  });
  await writer.subscribeToMessages({
    filters: { messageTypes: ['broken'] },
    handler: (_, { fail }) => fail('the source file is missing', { retry: false }),
  });
  for (const client of [writer, reviewer]) {
    client.onTask('draft', () => ({ file: 'docs/api.md' }));
    client.onTask('review', () => ({ approved: true, comments: 2 }));
    client.onTask('check_links', () => ({ dead: 0 }));
    client.onTask('publish', () => ({ url: 'https://docs.example/api' }));
  }
  await lead.joinGroup('#docs');
  await writer.joinGroup('#docs');
  const claim = await writer.claim('docs/guide.md', { note: 'rewrites the guide' });
  // It waits until its client is closed.
  void reviewer.claim('docs/', { timeoutMs: 600_000 }).catch(() => undefined);
  await lead.publishEvent({ eventType: 'build.finished', data: { commit: '4f2a1c', ok: true } });
  const ask = createId();
  await lead.sendMessage({
    id: ask,
    to: 'Writer',
    messageType: 'question',
    payload: { text: 'How long is the guide?' },
    timeoutMs: 15_000,
  });
  const held = await lead.sendMessage({ to: 'Reviewer', messageType: 'note', payload: { text: 'Look at the draft' } });
  const idle = await agent(hub, 'Archivist', ['archive'], token);
  await idle.close();
  const queued = await lead.sendMessage({
    to: 'Archivist',
    messageType: 'report',
    payload: { pages: 12 },
    priority: 3,
  });
  const dead = await lead.sendMessage({ to: 'Writer', messageType: 'broken', payload: { file: 'gone.md' } });
  const { workflowId } = await lead.startWorkflowCoordination({
    workflowType: 'documentation',
    participants: ['Writer', 'Reviewer'],
    steps: [
      { action: 'draft', agent: 'Writer' },
      { action: 'review', capability: 'review', dependsOn: ['draft'] },
      { action: 'check_links', agent: 'Writer', dependsOn: ['draft'] },
      { action: 'publish', agent: 'Writer', dependsOn: ['review', 'check_links'], approval: { by: 'Lead' } },
      { action: 'archive', capability: 'archive', dependsOn: ['publish'] },
    ],
  });
  return {
    ...{ lead, writer, reviewer, claim: claim.id, workflow: workflowId },
    messages: { ask, held: held.messageId, queued: queued.messageId, dead: dead.messageId },
    async [Symbol.asyncDispose]() {
      await Promise.all([lead.close(), writer.close(), reviewer.close()]);
    },
  };
}
