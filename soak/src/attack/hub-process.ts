// A hub in memory as a process, with a small heap. Prints its address; ends when its standard input ends.

import { startHub } from '@agora/hub';

const hub = await startHub({ log: line => void process.stderr.write(`${line}\n`) });
process.stdout.write(`${JSON.stringify({ url: hub.url, ownerToken: hub.ownerToken })}\n`);
process.stdin.resume().once('end', () => void hub.close().then(() => process.exit(0)));
