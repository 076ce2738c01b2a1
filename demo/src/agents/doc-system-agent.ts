// DocSystemAgent: writes an API page for every package of this repository and corrects pages on request.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PackageApi, readPackageApi } from '../documents/package-api.ts';
import { pageName, renderPage } from '../documents/page.ts';
import { ROOT } from '../root.ts';
import { type Drafts, PACKAGES, Revision } from '../messages.ts';
import { confirmBroadcasts, runAgent, print } from './agent.ts';

await runAgent(
  {
    name: 'DocSystemAgent',
    agentType: 'specialist',
    capabilities: ['documentation', 'typescript'],
    specialization: 'API pages from exports and docstrings',
  },
  async agent => {
    const { client, out } = agent;
    const known = new Map<string, PackageApi>();

    const write = async (folder: string, nameGaps: boolean) => {
      const api = known.get(folder) ?? readPackageApi(ROOT, folder);
      known.set(folder, api);
      const file = join(out, pageName(api));
      writeFileSync(file, renderPage(api, { root: ROOT, file, nameGaps }));
      await client.publishEvent({ eventType: 'documentation_updated', data: { file_path: file, author: client.name } });
      const exports = api.entries.reduce((sum, entry) => sum + entry.items.length, 0);
      print(`→ event documentation_updated: ${file} (${exports} exports)`);
      return { folder, file, exports };
    };

    await confirmBroadcasts(agent);
    client.onTask('create_initial_docs', async task => {
      print(`← step ${task.step}: ${JSON.stringify(task.requirements)}`);
      const pages: Drafts['pages'] = [];
      for (const folder of PACKAGES) pages.push(await write(folder, false));
      return { pages };
    });
    await client.subscribeToMessages({
      filters: { messageTypes: ['documentation_request'] },
      handler: async (message, context) => {
        const { folder, findings } = Revision.parse(message.payload);
        print(`← documentation_request from ${message.from}: ${findings.length} findings on ${folder}`);
        await context.respond(await write(folder, true));
      },
    });
  },
);
