// Row operations of the module for single acts: independent of the machine, so that one round is enough.

import { countRowCalls } from '@agora/host/testing';
import type { Contender, Measurement, Round } from '../harness.ts';
import { acknowledgeAct, acknowledgeBroadcastAct, BenchAgent, offered, sendAct, uuidAt } from '../delivery/agents.ts';
import { Lab, tableOf } from '../delivery/lab.ts';

/** Acts in a gathered call. */
const GATHERED = 64;
const RECIPIENTS = 100;

const BLOCKS: readonly ((lab: Lab) => Measurement[])[] = [direct, queued, gathered, broadcast, workflow];

/** The module in a database without a socket. */
export const acts: Contender = {
  name: 'module',
  async round(): Promise<Round> {
    const measurements: Measurement[] = [];
    const faults: string[] = [];
    for (const block of BLOCKS) {
      await using lab = await Lab.open();
      measurements.push(...block(lab));
      for (const table of ['offer', 'waiting']) {
        const { count } = tableOf(lab.database, table);
        if (count > 0) faults.push(`${block.name}: ${count} rows are left in ${table}`);
      }
    }
    return { measurements, audited: measurements.length, faults };
  },
};

function measure(metric: string, acts: number, work: () => void): Measurement {
  return { metric, unit: 'row operations', value: countRowCalls(work).all / acts };
}

function agent(lab: Lab, name: string, credit: number): BenchAgent {
  const registered = new BenchAgent(lab.database, lab.connect(), { name, credit });
  registered.attach();
  return registered;
}

function send(lab: Lab, from: BenchAgent, to: string, count = 1): void {
  from.act(from.prepare(Array.from({ length: count }, () => sendAct(from.id, to, lab.nowMs))));
}

function acknowledge(lab: Lab, by: BenchAgent): void {
  const ids = offered(lab.database).get(by.id) ?? [];
  by.act(by.prepare(ids.map(acknowledgeAct)));
}

/** A message that is offered immediately. The first one creates rows that stay. */
function direct(lab: Lab): Measurement[] {
  const [sender, receiver] = [agent(lab, 'Sender', 1), agent(lab, 'Receiver', 1)];
  send(lab, sender, 'Receiver');
  acknowledge(lab, receiver);
  return [
    measure('send', 1, () => send(lab, sender, 'Receiver')),
    measure('acknowledge', 1, () => acknowledge(lab, receiver)),
  ];
}

/** A message that waits for credit. */
function queued(lab: Lab): Measurement[] {
  const [sender, receiver] = [agent(lab, 'Sender', 1), agent(lab, 'Receiver', 1)];
  for (let n = 0; n < 3; n++) send(lab, sender, 'Receiver');
  const measured = [
    measure('send, queued', 1, () => send(lab, sender, 'Receiver')),
    measure('acknowledge, and offer the next', 1, () => acknowledge(lab, receiver)),
  ];
  for (let n = 0; n < 3; n++) acknowledge(lab, receiver);
  return measured;
}

/** The same, with many acts in a call. */
function gathered(lab: Lab): Measurement[] {
  const [sender, receiver] = [agent(lab, 'Sender', 1), agent(lab, 'Receiver', GATHERED)];
  send(lab, sender, 'Receiver', GATHERED);
  const measured = [
    measure(`send, queued, ${GATHERED} in a call`, GATHERED, () => send(lab, sender, 'Receiver', GATHERED)),
    measure(`acknowledge, and offer the next, ${GATHERED} in a call`, GATHERED, () => acknowledge(lab, receiver)),
  ];
  acknowledge(lab, receiver);
  return measured;
}

function broadcast(lab: Lab): Measurement[] {
  const sender = agent(lab, 'Sender', 1);
  const receivers = Array.from({ length: RECIPIENTS }, (_, n) => agent(lab, `Receiver${n}`, 1));
  const take = (seq: bigint) => {
    for (const each of receivers) each.act(each.prepare([acknowledgeBroadcastAct(each.id, seq)]));
  };
  send(lab, sender, '*');
  take(1n);
  return [
    measure(`broadcast to ${RECIPIENTS}, and their acknowledgements`, 1, () => {
      send(lab, sender, '*');
      take(2n);
    }),
  ];
}

function workflow(lab: Lab): Measurement[] {
  const names = ['One', 'Two', 'Three'];
  const workers = names.map(name => agent(lab, name, 1));
  const steps = names.map((name, at) => ({
    agent: name,
    action: `do${at}`,
    ...(at > 0 && { depends_on: [`do${at - 1}`] }),
  }));
  const definition = JSON.stringify(JSON.stringify({ workflow_type: 'bench', steps }));
  const run = () => {
    const [first] = workers;
    if (!first) return;
    first.call('start_workflow', { id: `"${uuidAt(lab.nowMs)}"`, agent: String(first.id), definition });
    for (const worker of workers) {
      const [delivery] = offered(lab.database).get(worker.id) ?? [];
      worker.act(worker.prepare([`{"finishStep":{"delivery":${delivery},"attempt":1,"output":"1"}}`]));
    }
  };
  run();
  return [measure('workflow of three steps', 1, run)];
}
