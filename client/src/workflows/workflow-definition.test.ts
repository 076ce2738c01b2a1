import { describe, expect, test } from 'vitest';
import { parseWorkflow } from './parse-workflow.ts';
import { definitionText } from './workflow-definition.ts';

/** Returns the reported faults, one by one. */
function faultsOf(definition: unknown): string[] {
  try {
    definitionText(definition);
    return [];
  } catch (error) {
    return String(error)
      .replace(/^.*?Error: /, '')
      .split('; ');
  }
}

describe('a definition', () => {
  test('can use either case of keys; free JSON is not converted', () => {
    const text = definitionText({
      workflowType: 'w',
      deadlineMs: 1_000,
      metadata: { someKey: { innerKey: 1 } },
      steps: [
        { agent: 'A', action: 'one', requirements: { documentType: 'api' }, retries: { attempts: 1, backoffMs: 5 } },
        {
          id: 'in',
          action: 'in',
          dependsOn: ['one'],
          workflow: { workflowType: 'x', steps: [{ agent: 'A', action: 'a' }] },
        },
      ],
    });
    expect(JSON.parse(text)).toEqual({
      workflow_type: 'w',
      deadline_ms: 1_000,
      metadata: { someKey: { innerKey: 1 } },
      steps: [
        { agent: 'A', action: 'one', requirements: { documentType: 'api' }, retries: { attempts: 1, backoff_ms: 5 } },
        {
          id: 'in',
          action: 'in',
          depends_on: ['one'],
          workflow: { workflow_type: 'x', steps: [{ agent: 'A', action: 'a' }] },
        },
      ],
    });
  });

  test('with faults of its shape and its graph is refused with all of them, before any call', () => {
    const faults = faultsOf({
      workflowType: 'w',
      workflow_type: 'v',
      steps: [
        { agent: 'A', action: 'one', timeoutMs: 0, dependsOn: ['two'] },
        { agent: 'A', action: 'two', dependsOn: ['one', 'three'] },
      ],
    });
    expect(faults).toEqual([
      'the definition: workflow_type is given twice',
      'step "one", timeout_ms: Too small: expected number to be >=1',
      'step "two": there is no step "three"',
      'the steps wait for each other: one → two → one',
    ]);
  });

  test('without JSON form is refused', () => {
    const held: Record<string, unknown> = { workflowType: 'w' };
    held['metadata'] = held;
    expect(faultsOf(held)[0]).toMatch(/^the definition cannot be written as JSON: /);
    expect(faultsOf({ workflowType: 'w', steps: [{ agent: 'A', action: 'a', requirements: { n: 1n } }] })[0]).toMatch(
      /^the definition cannot be written as JSON: /,
    );
    expect(faultsOf(undefined)).toEqual(['the definition: Invalid input: expected object, received null']);
  });

  test('is read from YAML and JSON, and faults of the text are reported', async () => {
    const yaml = 'workflow_type: w\nsteps:\n  - { agent: A, action: one }\n';
    expect(await parseWorkflow(yaml)).toEqual({ workflow_type: 'w', steps: [{ agent: 'A', action: 'one' }] });
    expect(await parseWorkflow('{"workflow_type":"w","steps":[{"agent":"A","action":"one"}]}')).toMatchObject({
      workflow_type: 'w',
    });
    const bad = { code: 'workflow/bad-definition' };
    await expect(parseWorkflow('steps: [1')).rejects.toMatchObject(bad);
    await expect(parseWorkflow('workflow_type: w\nsteps: [{ action: one }]')).rejects.toMatchObject(bad);
  });

  test('as text is refused with the faults of the text and of its content in one round, each with its line', async () => {
    const text = `workflow_type: w
steps:
  - agent: A
    action: one
    acton: two
    timeout_ms: 0
  - agent: A
    action: three
    action: three
    depends_on: [tree]
  - { agent: A, action: four
---
more: 1
`;
    const refused: unknown = await parseWorkflow(text).catch((error: unknown) => error);
    const faults = String(refused)
      .replace(/^AgoraError: /, '')
      .split('; ');
    expect(faults).toEqual([
      expect.stringMatching(/^line 5: step "one": Unrecognized key: "acton"/),
      expect.stringMatching(/^line 6: step "one", timeout_ms: /),
      expect.stringMatching(/^line 9: Map keys must be unique/),
      expect.stringMatching(/^line 10: step "three": there is no step "tree" \(did you mean "three"/),
      expect.stringMatching(/^line 12: .*\}/),
      expect.stringMatching(/^line 12: the text has several documents/),
    ]);
    await expect(parseWorkflow('{')).rejects.toThrow(/^line 1: /);
    await expect(parseWorkflow('')).rejects.toThrow(/^the definition: /);
  });
});
