// `npm start`: runs the hub until it is told to stop.

import { runCommand } from './command.ts';
import { DATABASE, type HubOptions, startHub } from './hub.ts';
import { parseStartFlags, USAGE } from './start-flags.ts';

/** A hub that cannot close within this time is left behind: what was confirmed is on disk already. */
const CLOSE_WITHIN_MS = 10_000;

await runCommand(async args => {
  const options = parseStartFlags(args, process.env['INIT_CWD'] ?? process.cwd());
  if (!options) return console.log(USAGE);
  const stopped = stopSignal();
  const hub = await startHub({ ...options, log: line => console.error(line) });
  console.log(greeting(hub.url, options));
  await stopped;
  console.log('Stopping …');
  const late = setTimeout(() => {
    console.error(`The hub did not close within ${CLOSE_WITHIN_MS / 1000} seconds.`);
    process.exit(1);
  }, CLOSE_WITHIN_MS);
  await hub.close();
  clearTimeout(late);
  console.log('Stopped.');
});

/** Settles at the first signal to stop; later ones change nothing, since a terminal and npm may both pass one on. */
function stopSignal(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

function greeting(url: string, { dataDir, port }: HubOptions): string {
  const server = port === 3000 ? '' : ` -- --server ${url}`;
  return `
Agora is running.

  hub       ${url}
  database  ${DATABASE}
  data      ${dataDir ?? 'in memory: gone when the hub stops'}

Next, in another terminal:
  npm run demo${server}
            three agents write, review and score documents on this hub
  README.md, "A first agent"
            an agent of your own in ten lines

Ctrl-C stops the hub.
`;
}
