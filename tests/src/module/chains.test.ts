import { HUB_DEFAULTS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { type LabAgent, ModuleLab } from '../support/module-lab.ts';

async function crew(...names: readonly string[]) {
  const lab = await ModuleLab.open();
  const agents = names.map(name => lab.register(name));
  for (const agent of agents) agent.attach();
  return { lab, agents, [Symbol.asyncDispose]: () => lab.close() };
}

/** Each agent in turn sends to the next one; returns how many messages the hub accepted. */
function circle(agents: readonly LabAgent[], link: (last: string) => Record<string, string>): number {
  let last = '';
  for (let count = 0; count < 400; count++) {
    const from = agents[count % agents.length];
    const to = agents[(count + 1) % agents.length];
    if (!from || !to) throw new Error('no agents');
    const message = from.message({ to: [nameOf(to)], ...(last === '' ? {} : link(last)) });
    const code = from.refusalCode('perform_acts', { acts: [{ Send: message }] });
    if (code !== undefined) {
      expect(code).toBe('message/too-many-hops');
      return count;
    }
    last = String(message['id']);
    const row = to.inbox()[0];
    to.act({ Acknowledge: { delivery: row?.['id'], attempt: row?.['attempt'] } });
  }
  throw new Error('the loop was not stopped');
}

const names = new Map<number, string>();
function nameOf(agent: LabAgent): string {
  return names.get(agent.id) ?? '';
}

async function named(...all: readonly string[]) {
  const scene = await crew(...all);
  scene.agents.forEach((agent, at) => names.set(agent.id, all[at] ?? ''));
  return scene;
}

const alerts = (lab: ModuleLab) =>
  lab
    .rows('event_log')
    .filter(row => row['type'] === 'system_alert')
    .map(row => JSON.parse(String(row['data'])) as unknown);

describe('a loop', () => {
  test.each([
    ['replies', (last: string) => ({ inReplyTo: last })],
    ['messages on behalf of others', (last: string) => ({ onBehalfOf: last })],
    ['forwards', (last: string) => ({ forwardOf: last, type: '', payload: '' })],
  ] as const)('of %s ends at the bound, with an alert that names the participants', async (_, link) => {
    await using scene = await named('Ann', 'Ben', 'Cas');
    expect(circle(scene.agents, link)).toBe(HUB_DEFAULTS.hops + 1);
    expect(alerts(scene.lab)).toEqual([
      expect.objectContaining({
        alert: 'message_loop',
        hops: HUB_DEFAULTS.hops,
        participants: expect.anything() as unknown,
      }),
    ]);
    const [alert] = alerts(scene.lab) as [{ participants: string[] }];
    expect([...alert.participants].sort()).toEqual(['Ann', 'Ben', 'Cas']);
  });

  test('ends at the bound that an operator has set', async () => {
    await using scene = await named('Ann', 'Ben');
    scene.lab.owner.call('set_hub_limits', { hops: 10 });
    expect(circle(scene.agents, last => ({ inReplyTo: last }))).toBe(11);
    expect(scene.lab.owner.tryCall('set_hub_limits', { hops: 0 })).toBe('quota/bad-limit');
  });

  test('is not made longer by a reply to a message of others', async () => {
    await using scene = await named('Ann', 'Ben', 'Eve');
    const [ann, , eve] = scene.agents;
    scene.lab.owner.call('set_hub_limits', { hops: 1 });
    const first = ann?.send('Ben');
    const second = ann?.send('Ben', { inReplyTo: first ?? '' });
    expect(ann?.tryAct({ Send: ann.message({ to: ['Ben'], inReplyTo: second }) })).toEqual(['message/too-many-hops']);
    eve?.send('Ben', { inReplyTo: second ?? '' });
  });
});

describe('a delayed broadcast', () => {
  test('can be cancelled until its delay has passed', async () => {
    await using scene = await crew('Ann', 'Ben');
    const { lab, agents } = scene;
    const [ann, ben] = agents;
    const [early, late] = [ann?.send('*', { delayMs: 10_000 }), ann?.send('*', { delayMs: 1_000 })];
    const cancel = (agent: LabAgent | undefined, message: string | undefined) =>
      agent?.refusalCode('perform_acts', { acts: [{ Cancel: { agent: agent.id, message, reason: '' } }] });
    expect(cancel(ben, early)).toBe('message/unknown');
    expect(cancel(ann, early)).toBeUndefined();
    expect(cancel(ann, early)).toBeUndefined();
    lab.advance(60_000);
    expect(lab.rows('broadcast_log').map(row => row['message'])).toEqual([late]);
    expect(cancel(ann, late)).toBe('message/cannot-cancel');
    expect(ann?.tryProcedure('broadcast_status', { agent: ann.id, message: early })).toBe('message/unknown');
    lab.advance(2 * HUB_DEFAULTS.keepMessagesMs);
    expect(lab.rows('message').map(row => row['id'])).not.toContain(early);
  });
});

describe('a cancelled ask', () => {
  test('cancels the asks that were made on its behalf, however many and deep, and notifies their askers', async () => {
    await using scene = await crew('Ann', 'Ben', 'Cas');
    const { lab, agents } = scene;
    const [ann, ben, cas] = agents;
    const answerWithinMs = 3_600_000;
    const first = ann?.send('Ben', { answerWithinMs }) ?? '';
    const inner = Array.from({ length: 150 }, () => ben?.send('Cas', { answerWithinMs, onBehalfOf: first }) ?? '');
    const deep = cas?.send('Ann', { answerWithinMs, onBehalfOf: inner[0] ?? '' }) ?? '';
    const other = ben?.send('Cas', { answerWithinMs }) ?? '';
    ann?.act({ Cancel: { agent: ann.id, message: first, reason: '' } });
    lab.advance(3_000);
    const state = (id: string) => lab.rows('ask').find(row => row['message'] === id)?.['state'];
    expect(new Set([first, ...inner, deep].map(state))).toEqual(new Set(['cancelled']));
    expect(state(other)).toBe('open');
    expect(cas?.inbox().filter(row => row['kind'] === 'dead')).toMatchObject([{ message: deep }]);
    expect(ben?.inbox().filter(row => row['kind'] === 'dead').length).toBeGreaterThan(100);
  });
});
