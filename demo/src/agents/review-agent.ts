// ReviewAgent: reads the packages again, checks every page against them, and asks the writer to correct its findings.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PackageApi, readPackageApi } from '../documents/package-api.ts';
import { type Finding, reviewPage } from '../documents/review.ts';
import { ROOT } from '../root.ts';
import { Drafts, type Review } from '../messages.ts';
import { confirmBroadcasts, runAgent, print } from './agent.ts';

const REVISION_TIMEOUT_SECONDS = 20;

await runAgent(
  {
    name: 'ReviewAgent',
    agentType: 'specialist',
    capabilities: ['review', 'typescript'],
    specialization: 'technical review of API pages',
  },
  async agent => {
    const { client, out } = agent;

    /** Asks the writer to correct a page and returns the remaining findings. */
    const correct = async (api: PackageApi, file: string, findings: readonly Finding[]): Promise<Finding[]> => {
      print(`→ documentation_request to DocSystemAgent: ${findings.length} findings on ${api.folder}`);
      const answer = await client.sendMessage({
        toAgent: 'DocSystemAgent',
        messageType: 'documentation_request',
        payload: { action: 'revise', folder: api.folder, file, findings: findings.map(finding => finding.sentence) },
        priority: 3,
        timeout: REVISION_TIMEOUT_SECONDS,
      });
      if (answer.status !== 'success') throw new Error(`${api.folder} was not revised: ${answer.error}`);
      return reviewPage(readFileSync(file, 'utf8'), file, api);
    };

    await confirmBroadcasts(agent);
    client.onTask('technical_review', async task => {
      const drafts = Drafts.parse(task.inputs['create_initial_docs']);
      print(`← step ${task.step}: ${drafts.pages.length} pages`);
      const pages: Review['pages'] = [];
      for (const { folder, file, exports } of drafts.pages) {
        const api = readPackageApi(ROOT, folder);
        const found = reviewPage(readFileSync(file, 'utf8'), file, api);
        const open = found.length === 0 ? [] : await correct(api, file, found);
        print(`reviewed ${folder}: ${exports} exports, ${found.length - open.length} corrected, ${open.length} open`);
        const sentences = open.map(finding => finding.sentence);
        pages.push({ folder, file, checked: exports, corrected: found.length - open.length, open: sentences });
      }
      const report = join(out, 'review.md');
      writeFileSync(report, renderReview(pages));
      return { report, pages };
    });
  },
);

function renderReview(pages: Review['pages']): string {
  const rows = pages.map(page => `| ${page.folder} | ${page.checked} | ${page.corrected} | ${page.open.length} |`);
  const open = pages.flatMap(page => page.open.map(sentence => `- ${page.folder}: ${sentence}`));
  return [
    '# Technical review',
    'Every export must be on its page with a description, every link must lead somewhere, every code block must parse.',
    ['| page | exports checked | findings corrected | findings open |', '| --- | --- | --- | --- |', ...rows].join(
      '\n',
    ),
    ...(open.length > 0 ? ['## Open', open.join('\n')] : []),
    '',
  ].join('\n\n');
}
