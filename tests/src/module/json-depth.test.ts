// JSON of callers is nested at most 256 levels deep, in every entry point that takes JSON.

import { describe, expect, test } from 'vitest';
import { Team } from '../support/team.ts';
import { uuidAt } from '../support/module-lab.ts';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
/** An object of so many levels. */
const objectOf = (levels: number) => `{"a":${nested(levels - 1)}}`;

describe.each([256, 257, 20_000, 100_000])('JSON of %i levels', levels => {
  const isFine = levels <= 256;
  const isShort = levels * 2 <= 16 * 1024;
  const codes = (code: string) => (isFine ? undefined : code);

  test('as the content of messages, events and agents', async () => {
    await using team = await Team.of('A');
    const { lab, lead } = team;
    const refusalOf = (act: object) => lead.refusalCode('perform_acts', { acts: [act] });
    expect(refusalOf({ Send: lead.message({ to: ['A'], payload: nested(levels) }) })).toBe(
      codes('message/bad-payload'),
    );
    const message = lead.message({ to: ['A'], headers: objectOf(levels) });
    expect(refusalOf({ Send: message })).toBe(codes('message/bad-headers'));
    const event = { id: uuidAt(lab.nowMs, 5), agent: lead.id, type: 'built', data: nested(levels), headers: '' };
    expect(refusalOf({ Publish: event })).toBe(codes('event/bad-data'));
    const metadata = { agent: lead.id, metadata: objectOf(levels) };
    expect(lead.refusalCode('update_agent', metadata)).toBe(codes('agent/bad-metadata'));
  });

  test('as headers of a repeated send', async () => {
    await using team = await Team.of('A');
    const message = team.lead.message({ to: ['A'], headers: '{"a":1}' });
    team.lead.act({ Send: message });
    const again = { ...message, headers: objectOf(levels) };
    expect(team.lead.refusalCode('perform_acts', { acts: [{ Send: again }] })).toBe('message/id-reused');
  });

  test('as answers, signals and outputs', async () => {
    await using team = await Team.of('A');
    const { lab, lead } = team;
    const worker = team.worker('A');
    const refusalOf = (act: object) => worker.refusalCode('perform_acts', { acts: [act] });
    const ask = lead.send('A', { answerWithinMs: 60_000 });
    const delivery = worker.inbox().find(row => row['message'] === ask)?.['id'];
    const signal = { delivery, attempt: 1, number: 1, data: nested(levels) };
    expect(refusalOf({ Progress: signal })).toBe(codes('delivery/bad-signal'));
    const answer = { id: uuidAt(lab.nowMs, 6), status: 'success', data: nested(levels), error: '' };
    expect(refusalOf({ Respond: { delivery, attempt: 1, ...answer } })).toBe(codes('delivery/bad-answer'));
    team.start([{ agent: 'A', action: 'do' }]);
    const [task] = team.tasks('A');
    const output = { delivery: task?.delivery, attempt: 1, output: nested(levels) };
    expect(refusalOf({ FinishStep: output })).toBe(codes('delivery/bad-answer'));
  });

  test('as the definition of a workflow, also of one that was started before', async () => {
    await using team = await Team.of('A');
    const { lab, lead } = team;
    // The definition, its steps, a step and its requirements: four levels above.
    const requirements = `{"a":${nested(levels - 4)}}`;
    const text = (more: string) => `{"workflow_type":"t","steps":[{"agent":"A","action":"x","requirements":${more}}]}`;
    const start = { id: uuidAt(lab.nowMs, 7), agent: lead.id, definition: text(requirements) };
    expect(lead.refusalCode('start_workflow', start)).toBe(codes('workflow/bad-definition'));
    const first = { ...start, id: uuidAt(lab.nowMs, 8), definition: text('{}') };
    lead.call('start_workflow', first);
    const other = isFine ? 'workflow/id-reused' : 'workflow/bad-definition';
    expect(lead.refusalCode('start_workflow', { ...first, definition: text(requirements) })).toBe(other);
  });

  test('is an element of a list, and the step runs', async () => {
    if (!isFine || !isShort) return;
    await using team = await Team.of('A');
    const id = team.start([
      { agent: 'A', action: 'list' },
      { agent: 'A', action: 'do', depends_on: ['list'], for_each: { step: 'list' } },
    ]);
    team.finish('A', 'list', JSON.parse(nested(levels)));
    team.finish('A', 'do[0]', JSON.parse(nested(levels)));
    expect(team.summary(id)).toMatchObject({ status: 'succeeded' });
  });
});
