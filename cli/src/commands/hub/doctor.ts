// `agora doctor`: checks the set-up, and shows how to fix each fault.

import { z } from 'zod';
import { EXIT } from '../../base/cli-error.ts';
import type { Output } from '../../base/output.ts';
import { defineCommand } from '../../command/command.ts';
import { checkCodingAgents } from '../../doctor/coding-agents.ts';
import type { Finding, Setup } from '../../doctor/finding.ts';
import { checkIdentity } from '../../doctor/identity.ts';
import { checkMachine } from '../../doctor/machine.ts';
import { checkServer } from '../../doctor/server.ts';

export default defineCommand({
  input: z.object({}),
  async run(context) {
    const { output } = context;
    const setup: Setup = { context, isReachable: false, hasDatabase: false };
    for (const check of [checkMachine, checkServer, checkIdentity, checkCodingAgents]) {
      for await (const finding of check(setup)) {
        if (finding.verdict === 'fault') context.exit = EXIT.failed;
        await output.data(finding, () => show(output, finding));
      }
    }
    output.note(context.exit === EXIT.ok ? 'No faults.' : 'There are faults to fix.');
  },
});

function show(output: Output, { check, verdict, detail, fix }: Finding): string {
  const mark = {
    ok: output.paint('green', '✓'),
    warning: output.paint('yellow', '!'),
    fault: output.paint('red', '✗'),
    skipped: output.paint('dim', '-'),
  }[verdict];
  return `${mark} ${check.padEnd(9)} ${detail}${fix === undefined ? '' : `\n    ${fix}`}`;
}
