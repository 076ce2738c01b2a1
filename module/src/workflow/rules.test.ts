import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDefinition, findCycle, type Plan } from './rules.ts';

const everyone = () => true;

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

function plan(definition: unknown): Plan {
  const checked = checkDefinition(JSON.stringify(definition), everyone);
  if (!checked.ok) throw new Error(checked.faults.join('; '));
  return checked.plan;
}

function faults(definition: unknown, isAgent: (name: string) => boolean = everyone): readonly string[] {
  const checked = checkDefinition(JSON.stringify(definition), isAgent);
  return checked.ok ? [] : checked.faults;
}

const steps = (...list: { id?: string; action?: string; depends_on?: unknown; agent?: string }[]) => ({
  workflow_type: 'w',
  steps: list.map(each => ({ agent: 'a', action: each.id ?? 'act', ...each })),
});

describe('a definition', () => {
  it('of exactly the shape of the guide is accepted, and its actions name its dependencies', () => {
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

  it('has a cycle told with its path', () => {
    const cyclic = steps(
      { id: 'a', depends_on: ['c'] },
      { id: 'b', depends_on: ['a'] },
      { id: 'c', depends_on: ['b'] },
      { id: 'd', depends_on: ['a'] },
    );
    expect(faults(cyclic)).toEqual(['the steps wait for each other: a → b → c → a']);
    expect(faults(steps({ id: 'a', depends_on: ['a'] }))).toEqual(['the steps wait for each other: a → a']);
  });

  it('has every fault told at once', () => {
    const told = faults(
      {
        workflow_type: 'has blanks',
        priority: 5,
        participants: ['x'],
        colour: 'red',
        steps: [{ agent: 'y', action: 'one', depends_on: ['two'] }, { action: 'one' }, 7],
      },
      name => name === 'x',
    );
    expect(told).toEqual([
      'the workflow: "colour" is not known; known are workflow_type, participants, steps, metadata, priority',
      'workflow_type is missing or not a short name',
      'priority is not 1, 2, 3 or 4',
      'step "one": agent is missing',
      'step "one": another step has this id; give one of them an id of its own',
      'step 3 is not an object',
      'agent "y" has a step but is no participant',
      'there is no agent "y"',
      'step "one": there is no step "two"',
    ]);
  });

  it('is told when an action names several steps', () => {
    const doubled = steps({ id: 'a', action: 'act' }, { id: 'b', action: 'act' }, { id: 'c', depends_on: ['act'] });
    expect(faults(doubled)).toEqual(['step "c": 2 steps have the action "act"; name one by id']);
  });

  it('is refused when it is not an object, or has no steps, or too many', () => {
    expect(faults([])).toEqual(['the definition is not a JSON object']);
    expect(faults({ workflow_type: 'w', steps: [] })).toEqual(['steps is missing or empty']);
    const many = steps(...Array.from({ length: 1_001 }, (_, at) => ({ id: `s${at}` })));
    expect(faults(many)).toEqual(['there are 1001 steps; 1000 are allowed']);
  });

  it('of a thousand steps in a chain has no cycle', () => {
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

  it('is found exactly when a step can be reached from itself, and every hop of it is a dependency', () => {
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
