// The attacks of strangers on the memory and the time of a hub, all at the same time, until this process is killed. Each is one
// way to make a bound per connection useless: by many connections, many requests or large results.

import { setTimeout } from 'node:timers/promises';
import { RawSocket } from './raw-socket.ts';

const MIB = 1024 * 1024;

const url = process.argv[2] ?? '';
const agents = Number(process.argv[3]);
const database = `${url}/v1/database/agora`;

/** Mints a new identity. */
async function takeToken(): Promise<string> {
  const answer = await fetch(`${url}/v1/identity`, { method: 'POST' });
  const { token } = (await answer.json()) as { token: string };
  return token;
}

/** Repeats an attack; the hub may refuse any part of it. */
async function repeat(attack: () => Promise<unknown>): Promise<void> {
  for (;;) {
    await attack().catch(() => undefined);
    await setTimeout(20);
  }
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function subscribe(set: number, queries: readonly string[]): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32LE(set, 1);
  head.writeUInt32LE(set, 5);
  head.writeUInt32LE(queries.length, 9);
  return Buffer.concat([head, ...queries.map(text)]);
}

/** Agents with large metadata: rows that strangers can read, for the queries. */
async function register(): Promise<void> {
  const metadata = JSON.stringify({ x: 'y'.repeat(16_000) });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${await takeToken()}` };
  for (let at = 0; at < agents; at++) {
    const body = JSON.stringify([`Stranger${at}`, 'x', [], metadata, 0, false]);
    const answer = await fetch(`${database}/call/register_agent`, { method: 'POST', headers, body });
    await answer.text();
    if (!answer.ok) return;
  }
}

async function ask(sql: string): Promise<void> {
  const answer = await fetch(`${database}/sql`, { method: 'POST', body: sql });
  await answer.text();
}

async function joinTables(): Promise<void> {
  await Promise.all(
    Array.from({ length: 6 }, () => [
      ask('SELECT a.* FROM agent a JOIN agent b'),
      ask('SELECT COUNT(*) AS n FROM agent a JOIN agent b JOIN agent c'),
    ]).flat(),
  );
}

/** Sends 31 MiB of a message and never its end. */
async function leaveUnfinished(): Promise<void> {
  const socket = await RawSocket.open(url, await takeToken());
  const part = Buffer.alloc(MIB, 1);
  for (let at = 0; at < 31; at++) await socket?.send(part, { isFirst: at === 0, isLast: false });
  await socket?.ended;
}

/** Subscribes to many distinct queries, each for all rows. */
async function subscribeToMuch(queries: number, reads: boolean): Promise<void> {
  const socket = await RawSocket.open(url, undefined);
  if (!reads) socket?.pause();
  const each = (at: number) => `SELECT * FROM agent WHERE name <> 'none${at}'`;
  const message = subscribe(
    1,
    Array.from({ length: queries }, (_, at) => each(at)),
  );
  for (let set = 1; set <= 20; set++) {
    message.writeUInt32LE(set, 5);
    await socket?.send(message);
  }
  await Promise.race([socket?.ended, setTimeout(5_000)]);
  socket?.destroy();
}

/** One frame of 32 MiB with millions of messages. */
async function flood(frame: Buffer): Promise<void> {
  const socket = await RawSocket.open(url, await takeToken());
  await socket?.send(frame);
  await socket?.ended;
}

function floodFrame(): Buffer {
  const unsubscribe = Buffer.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  return Buffer.alloc(Math.floor((32 * MIB - 2) / unsubscribe.length) * unsubscribe.length, unsubscribe);
}

await register();
process.stdout.write('attacking\n');
const frame = floodFrame();
/** Each attack, and how many run at the same time. */
const ATTACKS: Readonly<Record<string, readonly [count: number, attack: () => Promise<void>]>> = {
  joins: [1, joinTables],
  unfinished: [60, leaveUnfinished],
  queries: [2, () => subscribeToMuch(300, true)],
  unread: [40, () => subscribeToMuch(3, false)],
  floods: [2, () => flood(frame)],
};
/** All by default. */
const only = process.argv[4]?.split(',');

const running = Object.entries(ATTACKS)
  .filter(([name]) => only === undefined || only.includes(name))
  .flatMap(([, [count, attack]]) => Array.from({ length: count }, () => repeat(attack)));
await Promise.all(running);
