// ReviewAgent: reads the packages anew, checks every page against them, and asks its writer to mend what it finds.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PackageApi, readPackageApi } from '../documents/package-api.ts';
import { type Finding, reviewPage } from '../documents/review.ts';
import { ROOT } from '../root.ts';
import { Drafts, type Review } from '../words.ts';
import { confirmBroadcasts, runAgent, say } from './agent.ts';

const REVISION_WITHIN_SECONDS = 20;

await runAgent(
  {
    name: 'ReviewAgent',
    agentType: 'specialist',
    capabilities: ['review', 'typescript'],
    specialization: 'technical review of API pages',
  },
  async agent => {
    const { client, out } = agent;

    /** Has the page mended by its writer and gives what is still wrong with it. */
    const mend = async (api: PackageApi, file: string, findings: readonly Finding[]): Promise<Finding[]> => {
      say(`→ documentation_request to DocSystemAgent: ${findings.length} findings on ${api.folder}`);
      const answer = await client.sendMessage({
        toAgent: 'DocSystemAgent',
        messageType: 'documentation_request',
        payload: { action: 'revise', folder: api.folder, file, findings: findings.map(finding => finding.sentence) },
        priority: 3,
        timeout: REVISION_WITHIN_SECONDS,
      });
      if (answer.status !== 'success') throw new Error(`${api.folder} was not revised: ${answer.error}`);
      return reviewPage(readFileSync(file, 'utf8'), file, api);
    };

    await confirmBroadcasts(agent);
    client.onTask('technical_review', async task => {
      const drafts = Drafts.parse(task.inputs['create_initial_docs']);
      say(`← step ${task.step}: ${drafts.pages.length} pages`);
      const pages: Review['pages'] = [];
      for (const { folder, file, exports } of drafts.pages) {
        const api = readPackageApi(ROOT, folder);
        const found = reviewPage(readFileSync(file, 'utf8'), file, api);
        const open = found.length === 0 ? [] : await mend(api, file, found);
        say(`reviewed ${folder}: ${exports} exports, ${found.length - open.length} mended, ${open.length} open`);
        const sentences = open.map(finding => finding.sentence);
        pages.push({ folder, file, checked: exports, mended: found.length - open.length, open: sentences });
      }
      const report = join(out, 'review.md');
      writeFileSync(report, renderReview(pages));
      return { report, pages };
    });
  },
);

function renderReview(pages: Review['pages']): string {
  const rows = pages.map(page => `| ${page.folder} | ${page.checked} | ${page.mended} | ${page.open.length} |`);
  const open = pages.flatMap(page => page.open.map(sentence => `- ${page.folder}: ${sentence}`));
  return [
    '# Technical review',
    'Every export must be on its page with a description, every link must lead somewhere, every code block must parse.',
    ['| page | exports checked | findings mended | findings open |', '| --- | --- | --- | --- |', ...rows].join('\n'),
    ...(open.length > 0 ? ['## Open', open.join('\n')] : []),
    '',
  ].join('\n\n');
}
