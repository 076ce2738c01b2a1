#!/usr/bin/env node
// `agora-codegen`: runs one command line as a whole process.

import { CodegenError } from './codegen-error.ts';
import { runCommand } from './command.ts';

try {
  await runCommand(process.argv.slice(2));
} catch (thrown) {
  // A bug keeps its stack trace.
  if (!(thrown instanceof CodegenError)) throw thrown;
  console.error(thrown.message);
  process.exitCode = thrown.code === 'flags/invalid' ? 2 : 1;
}
