// `agora mcp token`: the token of the user's identity, for clients that send it themselves.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({}),
  async run(context) {
    const { token = '' } = await context.connect();
    await context.output.data({ token }, () => token);
  },
});
