// `agora completion`: prints the script with which a shell completes `agora` commands.

import { z } from 'zod';
import { oneOf } from '../../base/flag-schemas.ts';
import { defineCommand } from '../../command/command.ts';
import { SCRIPTS, SHELLS } from '../../completion/shell-scripts.ts';

export default defineCommand({
  input: z.object({ shell: oneOf(SHELLS) }),
  run: (context, { shell }) => context.output.data({ shell, script: SCRIPTS[shell] }, () => SCRIPTS[shell].trimEnd()),
});
