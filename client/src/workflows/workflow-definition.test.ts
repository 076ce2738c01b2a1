import { describe, expect, test } from 'vitest';
import { definitionText, parseWorkflow } from './workflow-definition.ts';

/** The faults that are told, one by one. */
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
  test('may be written in either case, and what is free in it stays as it is', () => {
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

  test('has faults of its shape and of its graph told in one round, before anybody is asked', () => {
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

  test('that is no JSON is refused as that', () => {
    const held: Record<string, unknown> = { workflowType: 'w' };
    held['metadata'] = held;
    expect(faultsOf(held)[0]).toMatch(/^the definition is no JSON: /);
    expect(faultsOf({ workflowType: 'w', steps: [{ agent: 'A', action: 'a', requirements: { n: 1n } }] })[0]).toMatch(
      /^the definition is no JSON: /,
    );
    expect(faultsOf(undefined)).toEqual(['the definition: Invalid input: expected object, received null']);
  });

  test('is read from YAML and from JSON, whose own faults are told', async () => {
    const yaml = 'workflow_type: w\nsteps:\n  - { agent: A, action: one }\n';
    expect(await parseWorkflow(yaml)).toEqual({ workflow_type: 'w', steps: [{ agent: 'A', action: 'one' }] });
    expect(await parseWorkflow('{"workflow_type":"w","steps":[{"agent":"A","action":"one"}]}')).toMatchObject({
      workflow_type: 'w',
    });
    const bad = { code: 'workflow/bad-definition' };
    await expect(parseWorkflow('steps: [1')).rejects.toMatchObject(bad);
    await expect(parseWorkflow('workflow_type: w\nsteps: [{ action: one }]')).rejects.toMatchObject(bad);
  });
});
