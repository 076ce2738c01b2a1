// `agora operator status`: shows the counters of the hub, once or live.

import { setTimeout as sleep } from 'node:timers/promises';
import type { HubStatus } from '@agora/client';
import { z } from 'zod';
import { EXIT } from '../../base/cli-error.ts';
import { formatBytes } from '../../base/size.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand } from '../../command/command.ts';

const PERIOD_MS = 1_000;

const LINES: readonly (readonly [label: string, key: keyof HubStatus])[] = [
  ['agents', 'agents'],
  ['attached', 'online'],
  ['messages kept', 'messages'],
  ['  waiting', 'waiting'],
  ['  offered', 'offered'],
  ['  ended', 'ended'],
  ['  dead', 'dead'],
  ['asks kept', 'asks'],
  ['workflows', 'workflows'],
  ['events kept', 'events'],
  ['broadcasts kept', 'broadcasts'],
];

export default defineCommand({
  input: z.object({ watch: z.boolean().default(false) }),
  async run(context, { watch }) {
    const { output, signal } = context;
    const client = await context.connect();
    let status = await client.operator.status();
    if (!watch) return output.data(status, () => drawStatus(status, undefined, context));
    const show = await screenOf(context);
    for (let before: HubStatus | undefined; ;) {
      await show.frame(status, drawStatus(status, before, context));
      try {
        await sleep(PERIOD_MS, undefined, { signal });
      } catch {
        show.done();
        context.exit = EXIT.interrupted;
        return;
      }
      before = status;
      status = await client.operator.status();
    }
  },
});

interface Screen {
  frame(status: HubStatus, text: string): Promise<void>;
  done(): void;
}

/** Redraws in place on a terminal; elsewhere prints one status after the other. */
async function screenOf({ output, io }: CommandContext): Promise<Screen> {
  if (!output.isTerminal) {
    return {
      frame: (status, text) => output.data({ at: new Date(), ...status }, () => `${text}\n`),
      done: () => undefined,
    };
  }
  const { createLogUpdate } = await import('log-update');
  const live = createLogUpdate(io.stdout);
  return {
    frame(_, text) {
      live(text);
      return Promise.resolve();
    },
    done: () => live.done(),
  };
}

function drawStatus(status: HubStatus, before: HubStatus | undefined, { output }: CommandContext): string {
  const lines = LINES.map(([label, key]) => {
    const change = before ? status[key] - before[key] : 0;
    const trend = change === 0 ? '' : output.paint('dim', `  ${change > 0 ? '+' : ''}${change} /s`);
    const value = key === 'dead' && status.dead > 0 ? output.paint('red', String(status.dead)) : String(status[key]);
    return `${label.padEnd(16)}${value}${trend}`;
  });
  return [...lines, `${'stored'.padEnd(16)}${formatBytes(status.storedBytes)}`].join('\n');
}
