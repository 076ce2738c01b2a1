// Scene three: the collaborative documentation workflow: written, reviewed, scored.

import { existsSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { Coordinator } from '../coordinator.ts';
import { type Stage, within } from '../stage.ts';
import { Assessment, COORDINATOR, Drafts, PACKAGES, Review } from '../messages.ts';

const WORKFLOW_TIMEOUT_MS = 90_000;

const Updated = z.object({ file_path: z.string(), author: z.literal('DocSystemAgent') });

/** The outputs of the three workflow steps. */
export interface Documented {
  readonly drafts: Drafts;
  readonly review: Review;
  readonly assessment: Assessment;
}

/** Runs the documentation workflow to its end and checks that every document was written. */
export async function documentTogether({ client, events }: Coordinator, stage: Stage): Promise<Documented> {
  stage.scene('The workflow: write, review, score');
  const workflow = await client.startWorkflowCoordination({
    workflowType: 'documentation_creation',
    participants: ['DocSystemAgent', 'ReviewAgent', 'QualityAgent'],
    steps: [
      {
        agent: 'DocSystemAgent',
        action: 'create_initial_docs',
        requirements: { document_type: 'api', include_examples: true, packages: [...PACKAGES] },
      },
      { agent: 'ReviewAgent', action: 'technical_review', dependsOn: ['create_initial_docs'] },
      { agent: 'QualityAgent', action: 'quality_assessment', dependsOn: ['technical_review'] },
    ],
  });
  stage.show(COORDINATOR, `→ workflow ${workflow.workflowId}`);
  const result = await within(WORKFLOW_TIMEOUT_MS, 'the workflow to end', workflow.result());
  stage.show(COORDINATOR, `← workflow ${result.status}`);
  stage.must(result.status === 'succeeded', 'the workflow ran through its three steps', result.reason);

  const drafts = Drafts.parse(result.outputs['create_initial_docs']);
  const review = Review.parse(result.outputs['technical_review']);
  const assessment = Assessment.parse(result.outputs['quality_assessment']);
  const files = [...drafts.pages.map(page => page.file), review.report, assessment.report];
  const real = files.filter(file => existsSync(file) && statSync(file).size > 0);
  stage.must(real.length === PACKAGES.length + 2, `${files.length} documents were written`, `only ${real.length}`);
  const open = review.pages.flatMap(page => page.open);
  stage.must(
    review.pages.length === PACKAGES.length && open.length === 0,
    'the review left nothing open',
    open.join(' '),
  );
  stage.must(assessment.pages.length === PACKAGES.length && assessment.average > 0, 'every page was scored');

  const listed = await events.some(
    PACKAGES.length,
    event => event.type === 'documentation_updated',
    'the events about the documents',
  );
  const paths = new Set(listed.map(event => Updated.parse(event.data).file_path));
  stage.must(
    drafts.pages.every(page => paths.has(page.file)),
    'documentation_updated listed the path of every page',
  );
  return { drafts, review, assessment };
}
