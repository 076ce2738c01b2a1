// The load `direct`: one sender, one receiver, 275-byte messages, through the hub and through files.

import { agora } from '../agora/agora.ts';
import type { Load } from '../harness.ts';
import { filePoll, fileWatch, fileWatchSynced } from '../peers/files.ts';

/** Direct messages through the hub, against a folder that is polled or watched. */
export const direct: Load = { name: 'direct', contenders: [agora, filePoll, fileWatch, fileWatchSynced] };
