#!/usr/bin/env node
// `agora`: one command line of this process, run to its end.

import { enableCompileCache } from 'node:module';

// Before anything else is loaded: what was compiled once is kept, which halves the time to the first word.
enableCompileCache();
const [{ CliError, EXIT }, { run }] = await Promise.all([import('./base/cli-error.ts'), import('./command-line.ts')]);

/** A terminal and npm may both pass one Ctrl-C on: what comes within this time is the same one. */
const SAME_SIGN_MS = 500;

const stop = new AbortController();
let stoppedAt = 0;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    if (!stop.signal.aborted) {
      stoppedAt = performance.now();
      stop.abort(new CliError('cli/interrupted', 'Interrupted.', EXIT.interrupted));
    } else if (performance.now() - stoppedAt > SAME_SIGN_MS) {
      // Whoever asks twice does not want to wait.
      process.exit(EXIT.interrupted);
    }
  });
}
// A reader that has had enough (`| head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  cwd: process.env['INIT_CWD'] ?? process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
});
// Whoever read it is done; what is still open of it must not keep the process.
process.stdin.destroy();
