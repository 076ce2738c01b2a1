// Finds the program of a listener before its first message.

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { CliError, EXIT } from '../../base/cli-error.ts';
import type { ProcessIO } from '../../command/command-context.ts';

/** Throws `cli/no-program` unless the program is an executable file, by its path or in a folder of `PATH`. */
export function checkProgram(program: string, { cwd, environment }: Pick<ProcessIO, 'cwd' | 'environment'>): void {
  // Windows finds a program also by the extensions of PATHEXT.
  if (process.platform === 'win32') return;
  if (program.includes('/')) {
    const fault = faultOf(resolve(cwd, program));
    if (fault) throw noProgram(`${program} ${fault}`);
    return;
  }
  const folders = (environment['PATH'] ?? '').split(delimiter);
  if (folders.some(folder => faultOf(join(folder || cwd, program)) === undefined)) return;
  throw noProgram(`no folder of PATH has an executable ${program}`);
}

/** Returns why a file cannot be run; undefined if it can. */
function faultOf(file: string): string | undefined {
  try {
    if (!statSync(file).isFile()) return 'is not a file';
    accessSync(file, constants.X_OK);
    return undefined;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isMissing ? 'does not exist' : 'is not executable';
  }
}

function noProgram(fault: string): CliError {
  return new CliError('cli/no-program', `The program cannot be started: ${fault}.`, EXIT.usage);
}
