// `agora hook`: called by a hook of a coding agent. It prints JSON for the client or nothing, and succeeds, since a failing
// hook disturbs the user's work. Only a waker ends with 2, which wakes the model with the text on standard error.

import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { EXIT } from '../../base/cli-error.ts';
import { defineCommand } from '../../command/command.ts';
import { isOrphaned } from '../../command/orphaned.ts';

export default defineCommand({
  input: z.object({ client: z.string(), event: z.string() }),
  async run(context, { client, event }) {
    const { io, settings, output, signal } = context;
    const { HOOK_CLIENT_NAMES, runHook } = await import('@agora/mcp/hook');
    const known = HOOK_CLIENT_NAMES.find(name => name === client);
    if (!known) return output.note(`"${client}" is not one of ${HOOK_CLIENT_NAMES.join(', ')}.`);
    const { server, database, token, agent } = settings;
    const result = await runHook({
      client: known,
      event,
      input: io.stdin.isTTY ? '' : await text(io.stdin),
      environment: agent === undefined ? io.environment : { ...io.environment, AGORA_AGENT: agent },
      cwd: io.cwd,
      server,
      options: { database, token },
      signal,
      isOrphaned: isOrphaned(io.environment),
    });
    if (!result) return;
    if ('output' in result) io.stdout.write(`${JSON.stringify(result.output)}\n`);
    else {
      io.stderr.write(`${result.wake}\n`);
      context.exit = EXIT.usage; // 2, by which Claude Code knows that it is to wake the model
    }
  },
});
