import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkDefinition, findCycle, type Known, sentenceOf, type WorkflowPlan } from './check.ts';

const allKnown: Known = { isAgent: () => true, isCapability: () => true };

const seed = {
  workflow_type: 'documentation_creation',
  participants: ['DocSystemAgent', 'ReviewAgent', 'QualityAgent'],
  steps: [
    {
      agent: 'DocSystemAgent',
      action: 'create_initial_docs',
      requirements: { document_type: 'api', include_examples: true },
    },
    { agent: 'ReviewAgent', action: 'technical_review', depends_on: ['create_initial_docs'] },
    { agent: 'QualityAgent', action: 'quality_assessment', depends_on: ['technical_review'] },
  ],
};

function plan(definition: unknown): WorkflowPlan {
  const checked = checkDefinition(JSON.stringify(definition), allKnown);
  if (!checked.ok) throw new Error(checked.faults.join('; '));
  return checked.plan;
}

function faults(definition: unknown, known: Known = allKnown): readonly string[] {
  const checked = checkDefinition(JSON.stringify(definition), known);
  return checked.ok ? [] : checked.faults;
}

const steps = (...list: { id?: string; action?: string; depends_on?: unknown; agent?: string }[]) => ({
  workflow_type: 'w',
  steps: list.map(each => ({ agent: 'a', action: each.id ?? 'act', ...each })),
});

describe('a definition', () => {
  test('with the shape of the guide is accepted; its actions name its dependencies', () => {
    const { type, participants, priority, steps: list } = plan(seed);
    expect(type).toBe('documentation_creation');
    expect(participants).toEqual(['DocSystemAgent', 'ReviewAgent', 'QualityAgent']);
    expect(priority).toBe(2);
    expect(list.map(step => [step.name, step.dependencies, step.dependents])).toEqual([
      ['create_initial_docs', [], [1]],
      ['technical_review', [0], [2]],
      ['quality_assessment', [1], []],
    ]);
    expect(JSON.parse(list[0]?.requirements ?? '')).toEqual({ document_type: 'api', include_examples: true });
  });

  test('with a cycle is refused with the path of the cycle', () => {
    const cyclic = steps(
      { id: 'a', depends_on: ['c'] },
      { id: 'b', depends_on: ['a'] },
      { id: 'c', depends_on: ['b'] },
      { id: 'd', depends_on: ['a'] },
    );
    expect(faults(cyclic)).toEqual(['the steps wait for each other: a → b → c → a']);
    expect(faults(steps({ id: 'a', depends_on: ['a'] }))).toEqual(['the steps wait for each other: a → a']);
  });

  test('is refused with all faults of its shape, each with its step', () => {
    const found = faults({
      workflow_type: 'has blanks',
      priority: 5,
      colour: 'red',
      steps: [{ agent: 'y', action: 'one', timeout_ms: 0 }, { id: 'two', action: 'one' }, 7],
    });
    expect(found.map(each => each.split(':')[0])).toEqual([
      'workflow_type',
      'priority',
      'step "one", timeout_ms',
      'step 3',
      'the definition',
      'step "two"',
    ]);
    expect(found[5]).toBe('step "two": name an agent, a capability, an approval, or a workflow');
  });

  test('is refused with all faults in the dependencies of its steps', () => {
    const found = faults(
      {
        workflow_type: 'w',
        participants: ['x'],
        steps: [
          { agent: 'y', action: 'one', depends_on: ['two'] },
          { agent: 'x', action: 'one', join: { at_least: 2 } },
          { capability: 'magic', action: 'last', depends_on: ['one'], when: { step: 'three' } },
        ],
      },
      { isAgent: name => name === 'x', isCapability: () => false },
    );
    expect(found).toEqual([
      'step "one": another step has this id; give each step a different id',
      'step "one": there is no agent "y"',
      'step "one": agent "y" has a step but is not a participant',
      'step "last": no agent ever announced the capability "magic"',
      'step "one": there is no step "two"',
      'step "one": it waits for 2 of 0 dependencies',
      'step "last": when looks at "three", which it does not depend on',
    ]);
  });

  test('is refused with faults of both kinds together, also those of nested workflows', () => {
    const found = faults(
      {
        workflow_type: 'has blanks',
        steps: [
          { agent: 'y', action: 'no name', timeout_ms: 0, depends_on: ['two', 'nowhere'] },
          { id: 'two', agent: 'x', capability: 'c', action: 'do', depends_on: ['no name'], colour: 'red' },
          { id: 'in', action: 'in', workflow: { workflow_type: 'w', steps: [{ agent: 'z', action: 'one', join: 7 }] } },
          { id: 'gate', action: 'gate', approval: { by: 'x' }, compensate: { action: 'undo' } },
        ],
      },
      { isAgent: name => name === 'x', isCapability: () => true },
    );
    expect(found.map(each => each.replace(/Invalid input.*|Too small.*|not a short.*|Unrecognized.*/, '…'))).toEqual([
      'workflow_type: …',
      'step "no name", action: …',
      'step "no name", timeout_ms: …',
      'step "two": …',
      'step "two": name either an agent or a capability, not both',
      'step "gate": compensate must name an agent or a capability, since the step has none',
      'step "no name": there is no agent "y"',
      'step "no name": there is no step "nowhere"',
      'step "in": step "one", join: …',
      'step "in": step "one": there is no agent "z"',
      'the steps wait for each other: no name → two → no name',
    ]);
  });

  test('has approvers and agents of compensations among its participants, named or not', () => {
    const { participants } = plan({
      workflow_type: 'w',
      participants: ['a', 'onlooker'],
      steps: [
        { agent: 'a', action: 'do', approval: { by: 'b', escalate_to: 'c' }, compensate: { action: 'u', agent: 'd' } },
      ],
    });
    expect(participants).toEqual(['a', 'onlooker', 'b', 'c', 'd']);
  });

  test('may refer to a dependency by its action', () => {
    const [, last] = plan({
      workflow_type: 'w',
      steps: [
        { id: 'first', agent: 'a', action: 'draft' },
        { id: 'last', agent: 'a', action: 'end', depends_on: ['draft'], when: { step: 'draft', status: 'succeeded' } },
      ],
    }).steps;
    expect(last?.spec.when?.position).toBe(0);
  });

  test('with a fault in each of a thousand steps is refused with the first two hundred', () => {
    const many = steps(...Array.from({ length: 1_000 }, (_, at) => ({ id: `s${at}`, depends_on: ['x'] })));
    expect(sentenceOf(faults(many))).toMatch(/^step "s0": there is no step "x"; .*; and 800 more$/);
  });

  test('is refused when a dependency is an action of several steps', () => {
    const doubled = steps({ id: 'a', action: 'act' }, { id: 'b', action: 'act' }, { id: 'c', depends_on: ['act'] });
    expect(faults(doubled)).toEqual(['step "c": 2 steps have the action "act"; name one by id']);
  });

  test('is refused when it is not an object, or has no steps, or too many', () => {
    expect(faults([])).toEqual(['the definition: Invalid input: expected object, received array']);
    expect(faults({ workflow_type: 'w', steps: [] })).toHaveLength(1);
    const many = steps(...Array.from({ length: 1_001 }, (_, at) => ({ id: `s${at}` })));
    expect(faults(many)).toEqual(['steps: Too big: expected array to have <=1000 items']);
  });

  test('of a thousand steps in a chain has no cycle', () => {
    const chain = steps(
      ...Array.from({ length: 1_000 }, (_, at) => ({ id: `s${at}`, depends_on: at > 0 ? [`s${at - 1}`] : [] })),
    );
    expect(plan(chain).steps[999]?.dependencies).toEqual([998]);
  });
});

describe('a cycle', () => {
  const graph = fc.integer({ min: 1, max: 12 }).chain(size =>
    fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 24 }).map(edges => {
      const nodes = Array.from({ length: size }, () => ({ dependencies: [] as number[], dependents: [] as number[] }));
      for (const [from, to] of edges) {
        if (nodes[to]?.dependencies.includes(from)) continue;
        nodes[to]?.dependencies.push(from);
        nodes[from]?.dependents.push(to);
      }
      return nodes;
    }),
  );

  test('is found if and only if a step is reachable from itself, and each hop is a dependency', () => {
    fc.assert(
      fc.property(graph, nodes => {
        const reaches = (from: number, to: number, seen = new Set<number>()): boolean =>
          (nodes[from]?.dependents ?? []).some(next => {
            if (next === to) return true;
            if (seen.has(next)) return false;
            seen.add(next);
            return reaches(next, to, seen);
          });
        const cycle = findCycle(nodes);
        expect(cycle !== undefined).toBe(nodes.some((_, at) => reaches(at, at)));
        if (!cycle) return;
        expect(cycle.length).toBeGreaterThan(1);
        expect(cycle[0]).toBe(cycle.at(-1));
        cycle.slice(1).forEach((at, before) => expect(nodes[at]?.dependencies).toContain(cycle[before]));
      }),
    );
  });
});
