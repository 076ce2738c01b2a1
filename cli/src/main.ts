#!/usr/bin/env node
// The process `agora`: runs one command line.

import module from 'node:module';
import { oldNodeSentence } from './base/node-version.ts';

const tooOld = oldNodeSentence(process.versions.node);
if (tooOld !== undefined) {
  console.error(tooOld);
  process.exit(2);
}
// Enabled before other modules load: compiled code is cached, which halves the time to the first output. A member of the default
// export, since an old Node.js has no such named export.
module.enableCompileCache();
const [{ CliError, EXIT }, { run }] = await Promise.all([import('./base/cli-error.ts'), import('./command-line.ts')]);

/** A terminal and npm may both forward one Ctrl-C; a signal within this time counts as the same one. */
const SAME_SIGNAL_MS = 500;

const stop = new AbortController();
let stoppedAt = 0;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    if (!stop.signal.aborted) {
      stoppedAt = performance.now();
      stop.abort(new CliError('cli/interrupted', 'Interrupted.', EXIT.interrupted));
    } else if (performance.now() - stoppedAt > SAME_SIGNAL_MS) {
      // A second Ctrl-C ends the process without waiting.
      process.exit(EXIT.interrupted);
    }
  });
}
// A reader that closes the pipe early (`| head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  // A full disk, for example.
  console.error(`error standard output cannot be written (${error.code ?? error.message})`);
  process.exit(1);
});

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  cwd: process.env['INIT_CWD'] ?? process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
});
// An open standard input would keep the process alive.
process.stdin.destroy();
