// A hub in a process of its own, started as a user starts it, so that a test can stop, suspend or kill it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const AGORA = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url));

/** Returns a port that no server listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a hub with a data folder, and waits until it reports that it is running. */
export async function startHubProcess(port: number, folder: string): Promise<ChildProcess> {
  const flags = ['--port', String(port), '--data-dir', folder];
  const child = spawn(process.execPath, [AGORA, 'up', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface(child.stdout)) if (line.includes('running')) break;
  child.stdout.resume();
  return child;
}

/** Ends a process by a signal. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
