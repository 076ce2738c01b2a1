// `agora message`: a message of the agent with its payload, and for a sent one its state at each recipient.

import type { AgoraClient, DeliveryInfo } from '@agora/client';
import { z } from 'zod';
import { hasCode } from '../../base/cli-error.ts';
import { oneLine } from '../../base/printable-text.ts';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import { describeRecord, showMessage } from '../../command/message-text.ts';

export default defineCommand({
  input: z.object({ message: z.string().min(1) }),
  async run(context, { message: id }) {
    const { output } = context;
    const client = await actAs(context);
    const message = await client.readReference(id, id);
    const deliveries = await deliveriesOf(client, id);
    const data = { ...describeRecord(message), ...(deliveries && { deliveries }) };
    await output.data(data, () => showMessage(output, message));
    if (output.isJson || !deliveries) return;
    await output.table(deliveries, {
      FOR: each => each.agent,
      STATE: each => each.state,
      ATTEMPT: each => String(each.attempt),
      AT: each => output.date(each.at),
      REASON: each => oneLine(each.reason),
    });
  },
});

/** The deliveries of a message that the agent has sent; undefined for one that it has received. */
async function deliveriesOf(client: AgoraClient, id: string): Promise<DeliveryInfo[] | undefined> {
  try {
    return await client.messageStatus(id);
  } catch (error) {
    if (hasCode(error, 'message/unknown')) return undefined;
    throw error;
  }
}
