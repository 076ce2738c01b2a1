// Scene two: one broadcast, three confirmations.

import type { Coordinator } from '../coordinator.ts';
import { CREW_NAMES } from '../crew.ts';
import type { Stage } from '../stage.ts';
import { COORDINATOR } from '../messages.ts';

/** Sends one broadcast and checks that all three agents confirm it. */
export async function announce({ client, statuses }: Coordinator, stage: Stage): Promise<void> {
  stage.scene('A broadcast, confirmed by all');
  const { messageId } = await client.sendMessage({
    toAgent: '*',
    messageType: 'system_notification',
    payload: { title: 'Documentation day', message: 'Today we document this repository.' },
    priority: 1,
  });
  stage.show(COORDINATOR, '→ system_notification to everyone');
  const confirmed = await statuses.some(
    CREW_NAMES.length,
    ({ status }) => status.status === 'received' && status.about === messageId,
    'three confirmations',
  );
  const names = [...new Set(confirmed.map(({ from }) => from))].sort();
  stage.must(names.join() === [...CREW_NAMES].sort().join(), 'all three confirmed the broadcast', names.join(', '));
}
