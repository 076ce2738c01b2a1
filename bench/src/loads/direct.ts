// The load `direct`: one sender, one receiver, 275-byte messages, through the hub and through files.

import { agora } from '../agora/agora.ts';
import { runLoad, type Load } from '../harness.ts';
import { filePoll, fileWatch, fileWatchSynced } from '../peers/files.ts';
import { table } from '../print.ts';

/** Direct messages through the hub, compared with a polled or watched folder. */
export const direct: Load = {
  name: 'direct',
  run: (size, note) =>
    runLoad({ name: 'direct', contenders: [agora, filePoll, fileWatch, fileWatchSynced] }, size, note),
  print: table,
};
