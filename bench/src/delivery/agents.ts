// Agents of a measured database: they register, say things, and acknowledge.

import type { Caller, Database } from '@agora/host/testing';
import { numberedPayload } from '../message.ts';
import { columnsOf, encodeCall, tableOf, timed, type Call, type Cost } from './lab.ts';

/** What an agent is registered with. */
export interface Registration {
  readonly name: string;
  readonly capability?: string;
  /** How many deliveries it holds at once. */
  readonly credit: number;
}

const text = (value: string): string => JSON.stringify(value);

let ids = 0;

/** A UUIDv7 of a time that was not used before in this process. */
export function uuidAt(timeMs: number): string {
  const time = Math.floor(timeMs).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${(++ids).toString(16).padStart(12, '0')}`;
}

/** A message as the act that sends it, in JSON. */
export function sendAct(agent: bigint, to: string, nowMs: number): string {
  const id = uuidAt(nowMs);
  const payload = text(JSON.stringify(numberedPayload(ids)));
  return (
    `{"send":{"id":"${id}","agent":${agent},"to":[${text(to)}],"type":"bench.message","payload":${payload},"headers":"",` +
    `"priority":2,"answer_within_ms":0,"ttl_ms":0,"delay_ms":0,"in_reply_to":"","on_behalf_of":"","forward_of":""}}`
  );
}

/** The acknowledgement of a delivery at its first attempt, in JSON. */
export function acknowledgeAct(delivery: bigint): string {
  return `{"acknowledge":{"delivery":${delivery},"attempt":1}}`;
}

/** The acknowledgement of a broadcast, in JSON. */
export function acknowledgeBroadcastAct(agent: bigint, seq: bigint): string {
  return `{"acknowledgeBroadcast":{"agent":${agent},"seq":${seq}}}`;
}

/** An agent of its own identity, which calls without a socket. */
export class BenchAgent {
  readonly name: string;
  readonly id: bigint;
  readonly #database: Database;
  readonly #caller: Caller;

  /** Registers an agent for a caller that is connected. */
  constructor(database: Database, caller: Caller, { name, capability, credit }: Registration) {
    this.name = name;
    this.#database = database;
    this.#caller = caller;
    this.call('register_agent', {
      name: text(name),
      agentType: '"worker"',
      capabilities: capability === undefined ? '[]' : `[${text(capability)}]`,
      metadata: '"{}"',
      credit: String(credit),
      strictPriority: 'false',
    });
    // Agents are numbered in the order of registering, and nobody leaves.
    this.id = BigInt(tableOf(database, 'agent').count);
  }

  /** Calls a reducer; `fields` are JSON texts by parameter. */
  call(reducer: string, fields: Readonly<Record<string, string>>): Cost {
    return this.act(encodeCall(this.#database, reducer, fields));
  }

  /** It is online from here on. */
  attach(): void {
    this.call('attach_agent', { agent: String(this.id) });
  }

  /** Acts in JSON as a call that is ready. */
  prepare(acts: readonly string[]): Call {
    return encodeCall(this.#database, 'perform_acts', { acts: `[${acts.join(',')}]` });
  }

  /** Makes a call that was prepared. */
  act(call: Call): Cost {
    return timed(this.#database, this.#caller, call);
  }
}

/** The deliveries that are offered now, by agent. */
export function offered(database: Database): Map<bigint, bigint[]> {
  const byAgent = new Map<bigint, bigint[]>();
  for (const [id, agent] of columnsOf(tableOf(database, 'offer'), ['id', 'agent'])) {
    if (typeof id !== 'bigint' || typeof agent !== 'bigint') continue;
    const ids = byAgent.get(agent);
    if (ids) ids.push(id);
    else byAgent.set(agent, [id]);
  }
  return byAgent;
}
