// A hub in memory as a process of its own, with clients on real sockets: what a write costs it that concerns none of them,
// and then a word for each of them.

import type { Caller, Database } from '@agora/host/testing';
import { startHub, type Hub } from '@agora/hub';
import { z } from 'zod';
import { servePart } from '../part.ts';
import { median } from '../statistics.ts';
import { acknowledgeAct, BenchAgent, offered, sendAct } from './agents.ts';
import { tableOf, type Cost } from './lab.ts';

/** The engine has compiled what it will by then. */
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
  /** A stranger sends to another, who acknowledges; the time until the call has returned and every socket has its bytes. */
  measure(argument) {
    const { writes, watchers } = z.object({ writes: z.number(), watchers: z.number() }).parse(argument);
    const sender = join('Stranger', 2n);
    const receiver = join('Recipient', 3n);
    const costs: { readonly send: Cost; readonly acknowledge: Cost }[] = [];
    for (let write = 0; write < WARM_UP + writes; write++) {
      const send = sender.act(sender.prepare([sendAct(sender.id, receiver.name, Date.now())]));
      const [delivery] = offered(database()).get(receiver.id) ?? [];
      if (delivery === undefined) throw new Error('what was sent is not offered');
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
