// `agora doctor`: finds what is wrong with a set-up, and tells what mends it.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import type { Finding, Patient } from '../../doctor/finding.ts';
import { examineIdentity } from '../../doctor/identity.ts';
import { examineMachine } from '../../doctor/machine.ts';
import { examineServer } from '../../doctor/server.ts';
import { EXIT } from '../../base/cli-error.ts';
import type { Output } from '../../base/output.ts';

export default defineCommand({
  input: z.object({}),
  async run(context) {
    const { output } = context;
    const patient: Patient = { context, isReachable: false, hasDatabase: false };
    for (const examine of [examineMachine, examineServer, examineIdentity]) {
      for await (const finding of examine(patient)) {
        if (finding.verdict === 'fault') context.exit = EXIT.failed;
        await output.data(finding, () => show(output, finding));
      }
    }
    output.note(context.exit === EXIT.ok ? 'All is well.' : 'Something has to be mended.');
  },
});

function show(output: Output, { check, verdict, detail, fix }: Finding): string {
  const sign = {
    ok: output.paint('green', '✓'),
    warning: output.paint('yellow', '!'),
    fault: output.paint('red', '✗'),
    skipped: output.paint('dim', '-'),
  }[verdict];
  return `${sign} ${check.padEnd(9)} ${detail}${fix === undefined ? '' : `\n    ${fix}`}`;
}
