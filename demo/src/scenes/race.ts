// Scene four: four messages to a busy agent with credit 1, the least important first.

import type { Coordinator } from '../coordinator.ts';
import type { Stage } from '../stage.ts';
import { COORDINATOR, RACE_GO, RACE_HOLD, RACE_ITEM } from '../messages.ts';

const RUNNERS = [
  ['low', 1],
  ['normal', 2],
  ['high', 3],
  ['critical', 4],
] as const;

const EXPECTED = ['critical', 'high', 'normal', 'low'];

/** Runs the race and checks the order of handling. */
export async function race({ client, statuses }: Coordinator, stage: Stage): Promise<readonly string[]> {
  stage.scene('A priority race to a busy agent');
  await client.sendMessage({ toAgent: 'QualityAgent', messageType: RACE_HOLD, payload: {} });
  await statuses.some(1, ({ status }) => status.status === 'busy', 'QualityAgent to be busy');
  for (const [label, priority] of RUNNERS) {
    const payload = { label, last: RUNNERS.length };
    await client.sendMessage({ toAgent: 'QualityAgent', messageType: RACE_ITEM, payload, priority });
    stage.show(COORDINATOR, `→ ${RACE_ITEM} (${label}) to QualityAgent`);
  }
  await client.publishEvent({ eventType: RACE_GO, data: {} });
  const [end] = await statuses.some(1, ({ status }) => status.status === 'raced', 'the race to end');
  const order = end?.status.status === 'raced' ? end.status.order : [];
  stage.must(
    order.join() === EXPECTED.join(),
    `sent as ${RUNNERS.map(([label]) => label).join(', ')}; handled as ${EXPECTED.join(', ')}`,
    order.join(', '),
  );
  return order;
}
