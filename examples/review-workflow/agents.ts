// The agents of the workflow: a writer and a reviewer. Usually each is a separate process.

import { AgoraClient, PermanentError } from '@agora/client';

async function agent(name: string, capabilities: string[] = []): Promise<AgoraClient> {
  const client = new AgoraClient(name);
  await client.connect({ retryForMs: 60_000 });
  await client.registerAgent({ agentType: 'specialist', capabilities });
  return client;
}

const writer = await agent('Writer');
writer.onTask('write', ({ requirements }) => ({ page: `# ${String(requirements['title'])}` }));
writer.onTask('open_branch', () => ({ branch: 'pages/modal-dialog' }));
writer.onTask('delete_branch', ({ inputs }) => console.log('Writer deletes', inputs));
writer.onTask('publish', ({ inputs }) => ({ published: inputs['branch'] }));

const reviewer = await agent('Reviewer', ['review']);
const tried = new Set<string>();
reviewer.onTask('check_facts', ({ inputs, workflowId }) => {
  // The first attempt at each workflow fails; the step is retried up to three times.
  if (!tried.has(workflowId)) {
    tried.add(workflowId);
    throw new Error('the model was busy');
  }
  return { checked: inputs['draft'] };
});
reviewer.onTask('check_style', () => {
  throw new PermanentError('two sentences are too long'); // on_failure: continue
});

console.log('Writer and Reviewer are ready');
