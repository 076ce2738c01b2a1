// The load `workflow`: three steps at three agents, each with the output of the step before, through the hub and through files.

import { runLoad, type Load } from '../harness.ts';
import { table } from '../print.ts';
import { agora, agoraInMemory, filePoll, fileWatch, fileWatchSynced, hubAlone } from '../workflow/contenders.ts';
import { ratioLines, withRatios, type ComparedReport } from '../workflow/ratios.ts';

const HELD = 'workflows succeeded, every step of them done once and in order, with exactly its inputs';

/** Hand-offs, and workflows per second with 64 in flight. */
export const workflow: Load<ComparedReport> = {
  name: 'workflow',
  async run(size, note) {
    const contenders = [agora, agoraInMemory, fileWatchSynced, fileWatch, filePoll, hubAlone];
    const report = await runLoad({ name: 'workflow', contenders, held: HELD }, size, note);
    return withRatios(report, [agora.name]);
  },
  print: report => [table(report), '', 'times better (medians of this run)', ...ratioLines(report)].join('\n'),
};
