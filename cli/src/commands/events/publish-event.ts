// `agora publish-event`: publishes an event.

import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import { payloadInput, readPayload } from '../../command/payload.ts';

const record = z.record(z.string(), z.unknown());

export default defineCommand({
  input: z.object({ type: z.string(), ...payloadInput, id: z.string().optional() }),
  async run(context, { type: eventType, id, ...given }) {
    const data = record.safeParse(await readPayload(context, given, { empty: {} }));
    if (!data.success) throw new CliError('cli/usage', 'The data of an event must be a JSON object.', EXIT.usage);
    const client = await actAs(context);
    const { eventId } = await client.publishEvent({ eventType, data: data.data, id });
    await context.output.data({ eventId, type: eventType, source: client.name }, () => eventId);
  },
});
