// `agora man`: prints the manual page, or installs it with the completion of the shell.

import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { oneOf } from '../../base/flag-schemas.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand, type Command, type CommandTable } from '../../command/command.ts';
import { manPage } from '../../completion/man-page.ts';
import { SCRIPTS, SHELLS, type Shell } from '../../completion/shell-scripts.ts';
import { VERSION } from '../../version.ts';

/** The command for the commands of a table. */
export function manCommand(table: CommandTable): Command {
  return defineCommand({
    input: z.object({ install: z.boolean().default(false), shell: oneOf(SHELLS).optional() }),
    async run(context, { install, shell }) {
      const page = manPage(table, VERSION);
      if (!install) return context.output.data({ page }, () => page.trimEnd());
      const { environment } = context.io;
      const data = environment['XDG_DATA_HOME'] || join(environment['HOME'] || homedir(), '.local', 'share');
      const files: string[] = [write(join(data, 'man', 'man1', 'agora.1'), page)];
      const used = shell ?? shellOf(environment['SHELL']);
      if (used) files.push(write(...completionOf(used, data, environment)));
      await context.output.data({ files }, () => files.join('\n'));
      note(context, used, data);
    },
  });
}

function shellOf(path = ''): Shell | undefined {
  return SHELLS.find(each => each === basename(path));
}

/** The file that the shell loads by itself, and its text. */
function completionOf(shell: Shell, data: string, environment: CommandContext['io']['environment']): [string, string] {
  switch (shell) {
    case 'bash':
      return [join(data, 'bash-completion', 'completions', 'agora'), SCRIPTS.bash];
    case 'zsh':
      // The file is the body of the function, which has to complete at the first call, too.
      return [join(data, 'zsh', 'site-functions', '_agora'), `${SCRIPTS.zsh}_agora "$@"\n`];
    case 'fish': {
      const config = environment['XDG_CONFIG_HOME'] || join(environment['HOME'] || homedir(), '.config');
      return [join(config, 'fish', 'completions', 'agora.fish'), SCRIPTS.fish];
    }
  }
}

function note({ output }: CommandContext, shell: Shell | undefined, data: string): void {
  if (!shell) output.note('SHELL names no known shell: give --shell bash, zsh or fish for its completion.');
  else if (shell === 'zsh')
    output.note(`In ~/.zshrc, before compinit: fpath+=(${join(data, 'zsh', 'site-functions')})`);
  else output.note(`A new ${shell} completes \`agora\`, and \`man agora\` shows the page.`);
}

function write(file: string, text: string): string {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new CliError('cli/unwritable', `The file ${file} cannot be written (${code}).`, EXIT.failed, { cause });
  }
}
