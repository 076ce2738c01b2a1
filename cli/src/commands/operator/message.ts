// `agora operator message`: shows any stored message and the state of its deliveries.

import { z } from 'zod';
import { oneLine } from '../../base/printable-text.ts';
import { defineCommand } from '../../command/command.ts';

const Envelope = z.record(z.string(), z.unknown());

export default defineCommand({
  input: z.object({ message: z.string() }),
  async run(context, { message }) {
    const { output } = context;
    const client = await context.connect();
    const record = await client.operator.readMessage(message);
    const envelope = Envelope.parse(JSON.parse(record.envelope));
    const deliveries = record.deliveries.map(({ name, state, attempt, at, reason }) => ({
      agent: name,
      state,
      attempt,
      at: new Date(Number(at / 1000n)),
      reason,
    }));
    await output.data({ ...envelope, kind: record.kind, broadcast: Number(record.broadcast), deliveries }, () =>
      JSON.stringify(envelope, undefined, 2),
    );
    if (output.isJson) return;
    await output.data({}, () => '');
    await output.table(deliveries, {
      FOR: each => each.agent,
      STATE: each => each.state,
      ATTEMPT: each => String(each.attempt),
      AT: each => output.date(each.at),
      REASON: each => oneLine(each.reason),
    });
  },
});
