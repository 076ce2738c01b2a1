// The load `delivery`: the cost of each act as the hub holds more messages, agents and watchers.

import { AGENTS, pointContenders, STORED, watcherContenders, WATCHERS } from '../delivery/contenders.ts';
import { growthTable, withGrowth, type GrowthReport } from '../delivery/growth.ts';
import { runLoad, type Load } from '../harness.ts';

/** The same acts at every size; the cost must not grow with rows that an act does not touch. */
export const delivery: Load<GrowthReport> = {
  name: 'delivery',
  async run(size, note) {
    const contenders = [...pointContenders(size), ...watcherContenders(size)];
    const report = await runLoad({ name: 'delivery', contenders }, size, note);
    return withGrowth(
      report,
      [STORED, AGENTS, WATCHERS].map(axis => [axis, axis.sizes[size]] as const),
    );
  },
  print: growthTable,
};
