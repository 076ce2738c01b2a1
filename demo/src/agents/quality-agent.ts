// QualityAgent: scores the reviewed pages. Its credit is 1, so it shows the order in which the hub offers waiting messages.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPackageApi } from '../documents/package-api.ts';
import { type Score, scorePage } from '../documents/score.ts';
import { ROOT } from '../root.ts';
import { COORDINATOR, RACE_GO, RACE_HOLD, RACE_ITEM, RaceItem, Review } from '../messages.ts';
import { type Agent, confirmBroadcasts, runAgent, print } from './agent.ts';

await runAgent(
  {
    name: 'QualityAgent',
    agentType: 'specialist',
    capabilities: ['quality', 'metrics'],
    specialization: 'figures about documents',
    credit: 1,
  },
  async agent => {
    await confirmBroadcasts(agent);
    await runRaces(agent);
    agent.client.onTask('quality_assessment', task => {
      const review = Review.parse(task.inputs['technical_review']);
      print(`← step ${task.step}: ${review.pages.length} pages`);
      const scores = review.pages.map(({ folder, file }) => {
        const score = scorePage(readFileSync(file, 'utf8'), readPackageApi(ROOT, folder));
        print(`scored ${folder}: ${score.total} of 100`);
        return { folder, ...score };
      });
      const report = join(agent.out, 'quality.md');
      writeFileSync(report, renderScores(scores));
      const average = Math.round(scores.reduce((sum, score) => sum + score.total, 0) / scores.length);
      return { report, pages: scores, average };
    });
  },
);

/** Holds one message until `demo.go` is published, then reports the order of the others. */
async function runRaces({ client }: Agent): Promise<void> {
  let go = (): void => undefined;
  let order: string[] = [];
  await client.subscribeToEvents({ eventTypes: [RACE_GO], handler: () => go() });
  await client.subscribeToMessages({
    filters: { messageTypes: [RACE_HOLD, RACE_ITEM] },
    handler: async (message, context) => {
      if (message.type === RACE_HOLD) {
        order = [];
        const released = new Promise<void>(resolve => (go = resolve));
        print(`← ${message.type}: busy, and my credit is 1`);
        await client.sendMessage({ toAgent: COORDINATOR, messageType: 'status_update', payload: { status: 'busy' } });
        await released;
        await context.respond({ status: 'free' });
        return;
      }
      const { label, last } = RaceItem.parse(message.payload);
      order.push(label);
      print(`← ${message.type}: ${label}`);
      if (order.length === last)
        await client.sendMessage({
          toAgent: COORDINATOR,
          messageType: 'status_update',
          payload: { status: 'raced', order },
        });
    },
  });
}

function renderScores(scores: readonly (Score & { folder: string })[]): string {
  const rows = scores.map(
    score =>
      `| ${score.folder} | **${score.total}** | ${score.described} % | ${score.wordsPerSentence} | ${score.readable} % | ${score.structured} % | ${score.words} | ${score.codeBlocks} |`,
  );
  return [
    '# Quality',
    'Half of a score is the share of exports that their source describes; the rest is how the page reads and is built.',
    [
      '| page | score | described | words a sentence | short sentences | sound headings | words | code blocks |',
      '| --- | --- | --- | --- | --- | --- | --- | --- |',
      ...rows,
    ].join('\n'),
    '',
  ].join('\n\n');
}
