// A hub with a small heap, attacked by strangers in every known way at the same time, while one honest client sends messages.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AgoraClient } from '@agora/client';
import { z } from 'zod';

/** Heap limit of the hub, in MiB. */
const HEAP_MIB = 512;
const MAX_RSS_MIB = 900;
const MAX_P99_MS = 1000;
const INTERVAL_MS = 20;
/** How long the last messages may take after the attack. */
const SETTLE_MS = 10_000;

/** Options of an attack. */
export interface AttackOptions {
  readonly seconds: number;
  /** Agents that strangers register, with 16 KB of metadata each. */
  readonly agents: number;
  /** Names of attacks, to find the one that hurts; default all. */
  readonly only?: readonly string[];
  /** Receives lines of progress. */
  readonly note: (line: string) => void;
}

/** The result of an attack. */
export interface AttackResult {
  readonly sent: number;
  readonly lost: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxRssMib: number;
  /** Broken promises, as sentences. */
  readonly faults: readonly string[];
}

const Started = z.object({ url: z.string() });

/** Runs one attack. */
export async function runAttack({ seconds, agents, only, note }: AttackOptions): Promise<AttackResult> {
  const hub = start('hub-process.ts', [], [`--max-old-space-size=${HEAP_MIB}`]);
  const dropped: string[] = [];
  if (hub.stderr) createInterface(hub.stderr).on('line', line => dropped.push(line));
  const processes = [hub];
  try {
    const { url } = Started.parse(JSON.parse(await firstLine(hub)));
    const attackers = start('attackers.ts', [url, String(agents), ...(only ? [only.join(',')] : [])]);
    processes.push(attackers);
    await using sender = new AgoraClient('Honest', { server: url, tokenStore: false });
    await sender.connect();
    await sender.registerAgent({ agentType: 'worker' });
    await using receiver = new AgoraClient('Receiver', { server: url, tokenStore: false });
    await receiver.connect();
    await receiver.registerAgent({ agentType: 'worker', credit: 256 });
    await firstLine(attackers);
    note(`attacking ${url} for ${seconds} s`);
    const result = await sendUnderAttack({ sender, receiver, hub, seconds });
    note(`${dropped.length} lines of the hub, the last: ${dropped.at(-1) ?? 'none'}`);
    const { lost, p99Ms, maxRssMib } = result;
    const faults = [
      ...(hub.exitCode === null ? [] : [`the hub ended with ${hub.exitCode}: ${dropped.slice(-5).join(' | ')}`]),
      ...(lost === 0 ? [] : [`${lost} messages were lost`]),
      ...(p99Ms < MAX_P99_MS ? [] : [`p99 was ${p99Ms} ms, not below ${MAX_P99_MS}`]),
      ...(maxRssMib < MAX_RSS_MIB ? [] : [`the hub took ${maxRssMib} MiB, not below ${MAX_RSS_MIB}`]),
    ];
    return { ...result, faults };
  } finally {
    for (const each of processes) each.kill('SIGKILL');
  }
}

interface UnderAttack {
  readonly sender: AgoraClient;
  readonly receiver: AgoraClient;
  readonly hub: ChildProcess;
  readonly seconds: number;
}

/** Sends 50 messages a second, and measures the time until each is received. */
async function sendUnderAttack({ sender, receiver, hub, seconds }: UnderAttack): Promise<Omit<AttackResult, 'faults'>> {
  const sentAt = new Map<number, number>();
  const latencies: number[] = [];
  await receiver.subscribeToMessages(message => {
    const { number } = z.object({ number: z.number() }).parse(message.payload);
    const at = sentAt.get(number);
    if (at === undefined) return;
    sentAt.delete(number);
    latencies.push(performance.now() - at);
  });
  let sent = 0;
  let maxRssMib = 0;
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1000) {
    const number = sent++;
    sentAt.set(number, performance.now());
    sender.sendMessage({ to: 'Receiver', messageType: 'note', payload: { number } }).catch(() => undefined);
    maxRssMib = Math.max(maxRssMib, rssMib(hub));
    await setTimeout(Math.max(0, begun + sent * INTERVAL_MS - performance.now()));
  }
  const until = performance.now() + SETTLE_MS;
  while (sentAt.size > 0 && performance.now() < until) await setTimeout(50);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => Math.round(latencies[Math.floor(latencies.length * share)] ?? Infinity);
  return { sent, lost: sentAt.size, p50Ms: at(0.5), p99Ms: at(0.99), maxRssMib };
}

function start(file: string, args: readonly string[], flags: readonly string[] = []): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return spawn(process.execPath, [...flags, path, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the process has no output');
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(() => {
      throw new Error('the process ended before it was ready');
    }),
  ])) as [string];
  return line;
}

/** Resident memory of a process; 0 where the system does not report it, or the process has ended. */
function rssMib({ pid }: ChildProcess): number {
  try {
    const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kib) / 1024);
  } catch {
    return 0;
  }
}
