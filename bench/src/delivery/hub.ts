// A hub in memory as a separate process, with clients on real sockets: the cost of writes that concern none of the clients,
// then one message to each client.

import type { Caller, Database } from '@agora/host/testing';
import { startHub, type Hub } from '@agora/hub';
import { z } from 'zod';
import { servePart } from '../part.ts';
import { median } from '../statistics.ts';
import { acknowledgeAct, BenchAgent, offered, sendAct } from './agents.ts';
import { tableOf, type Cost } from './lab.ts';

/** Writes until the JavaScript engine has compiled the hot code. */
const WARM_UP = 3_000;

let hub: Hub | undefined;

function database(): Database {
  const open = hub?.host.database(hub.database);
  if (!open) throw new Error('the hub was not started');
  return open.database;
}

/** An agent that calls from inside the hub. */
function join(name: string, identity: bigint): BenchAgent {
  const caller: Caller = { identity, connectionId: identity * 1000n, claims: undefined };
  database().connect(caller);
  const agent = new BenchAgent(database(), caller, { name, credit: 128 });
  agent.attach();
  return agent;
}

servePart({
  async start() {
    hub = await startHub();
    return hub.url;
  },
  /** One agent sends to another, which acknowledges: the time until the call returns and every socket has its bytes. */
  measure(argument) {
    const { writes, watchers } = z.object({ writes: z.number(), watchers: z.number() }).parse(argument);
    const sender = join('Stranger', 2n);
    const receiver = join('Recipient', 3n);
    const costs: { readonly send: Cost; readonly acknowledge: Cost }[] = [];
    for (let write = 0; write < WARM_UP + writes; write++) {
      const send = sender.act(sender.prepare([sendAct(sender.id, receiver.name, Date.now())]));
      const [delivery] = offered(database()).get(receiver.id) ?? [];
      if (delivery === undefined) throw new Error('the sent message is not offered');
      const acknowledge = receiver.act(receiver.prepare([acknowledgeAct(delivery)]));
      if (write >= WARM_UP) costs.push({ send, acknowledge });
    }
    for (let n = 0; n < watchers; n++) {
      sender.act(sender.prepare([sendAct(sender.id, `Watcher${n}`, Date.now())]));
    }
    const sent = WARM_UP + writes + watchers;
    const stored = tableOf(database(), 'message').count;
    const ended = tableOf(database(), 'ended').count;
    const faults = [];
    if (stored !== sent) faults.push(`${stored} messages stored, not ${sent}`);
    if (ended !== sent - watchers) faults.push(`${ended} deliveries ended, not ${sent - watchers}`);
    return {
      measurements: [
        { metric: 'a send for a stranger', unit: 'µs', value: median(costs.map(({ send }) => send.micros)) },
        {
          metric: 'an acknowledgement by a stranger',
          unit: 'µs',
          value: median(costs.map(({ acknowledge }) => acknowledge.micros)),
        },
      ],
      audited: sent,
      faults,
    };
  },
  stop: () => hub?.close(),
});
