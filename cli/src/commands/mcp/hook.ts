// `agora hook`: called by a hook of a coding agent. It prints JSON for the client or nothing, and always succeeds, since a
// failing hook disturbs the user's work.

import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ client: z.string(), event: z.string() }),
  async run({ io, settings, output }, { client, event }) {
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
    });
    if (result) io.stdout.write(`${JSON.stringify(result)}\n`);
  },
});
