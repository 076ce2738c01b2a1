// `agora mcp`: the MCP server of one coding session. Standard output belongs to the protocol.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({}),
  async run({ io, settings, signal }) {
    const { serveStdio } = await import('@agora/mcp');
    const { server, database, token, agent } = settings;
    await serveStdio({
      environment: io.environment,
      cwd: io.cwd,
      stdin: io.stdin,
      stdout: io.stdout,
      signal,
      client: { server, database, token },
      agent,
      log: sentence => void io.stderr.write(`agora mcp: ${sentence}\n`),
    });
  },
});
