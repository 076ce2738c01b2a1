// Agents of a measured database: they register, send and acknowledge.

import type { Caller, Database } from '@agora/host/testing';
import { numberedPayload } from '../message.ts';
import { columnsOf, encodeCall, tableOf, timed, type Call, type Cost } from './lab.ts';

/** Registration of an agent. */
export interface Registration {
  readonly name: string;
  readonly capability?: string;
  /** Maximum number of unfinished deliveries. */
  readonly credit: number;
}

const text = (value: string): string => JSON.stringify(value);

let ids = 0;

/** Returns a UUIDv7 of a time, unique in this process. */
export function uuidAt(timeMs: number): string {
  const time = Math.floor(timeMs).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${(++ids).toString(16).padStart(12, '0')}`;
}

/** The act that sends a message, as JSON. */
export function sendAct(agent: bigint, to: string, nowMs: number): string {
  const id = uuidAt(nowMs);
  const payload = text(JSON.stringify(numberedPayload(ids)));
  return (
    `{"send":{"id":"${id}","agent":${agent},"to":[${text(to)}],"type":"bench.message","payload":${payload},"headers":"",` +
    `"priority":2,"answer_within_ms":0,"ttl_ms":0,"delay_ms":0,"in_reply_to":"","on_behalf_of":"","forward_of":""}}`
  );
}

/** The act that acknowledges the first attempt of a delivery, as JSON. */
export function acknowledgeAct(delivery: bigint): string {
  return `{"acknowledge":{"delivery":${delivery},"attempt":1}}`;
}

/** The act that acknowledges a broadcast, as JSON. */
export function acknowledgeBroadcastAct(agent: bigint, seq: bigint): string {
  return `{"acknowledgeBroadcast":{"agent":${agent},"seq":${seq}}}`;
}

/** An agent with a separate identity that calls without a socket. */
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
    // Agents are numbered in registration order, and none unregisters.
    this.id = BigInt(tableOf(database, 'agent').count);
  }

  /** Calls a reducer; `fields` are JSON texts by parameter. */
  call(reducer: string, fields: Readonly<Record<string, string>>): Cost {
    return this.act(encodeCall(this.#database, reducer, fields));
  }

  /** Attaches the agent, so that it is online. */
  attach(): void {
    this.call('attach_agent', { agent: String(this.id) });
  }

  /** Encodes acts as a call. */
  prepare(acts: readonly string[]): Call {
    return encodeCall(this.#database, 'perform_acts', { acts: `[${acts.join(',')}]` });
  }

  /** Makes a prepared call. */
  act(call: Call): Cost {
    return timed(this.#database, this.#caller, call);
  }
}

/** The offered deliveries, by agent. */
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
