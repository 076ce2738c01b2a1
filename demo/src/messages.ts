// Messages between the agents of the demo, as schemas that receivers check.

import { z } from 'zod';

/** The documented packages. */
export const PACKAGES = ['client', 'host', 'module'] as const;

/** Schema of the output of `create_initial_docs`: one page per package. */
export const Drafts = z.object({
  pages: z.array(z.object({ folder: z.string(), file: z.string(), exports: z.number() })).min(1),
});
/** The output of `create_initial_docs`. */
export type Drafts = z.infer<typeof Drafts>;

/** A request of the reviewer to the writer. */
export const Revision = z.object({ folder: z.string(), file: z.string(), findings: z.array(z.string()) });

/** Schema of the output of `technical_review`. */
export const Review = z.object({
  report: z.string(),
  pages: z.array(
    z.object({
      folder: z.string(),
      file: z.string(),
      checked: z.number(),
      corrected: z.number(),
      open: z.array(z.string()),
    }),
  ),
});
/** The output of `technical_review`. */
export type Review = z.infer<typeof Review>;

/** Schema of the output of `quality_assessment`. */
export const Assessment = z.object({
  report: z.string(),
  pages: z.array(z.object({ folder: z.string(), total: z.number(), described: z.number(), words: z.number() })),
  average: z.number(),
});
/** The output of `quality_assessment`. */
export type Assessment = z.infer<typeof Assessment>;

/** Schema of a status: a broadcast was received, the agent is busy, the race is over. */
export const Status = z.discriminatedUnion('status', [
  z.object({ status: z.literal('received'), about: z.string() }),
  z.object({ status: z.literal('busy') }),
  z.object({ status: z.literal('raced'), order: z.array(z.string()) }),
]);
/** A status that the crew sends to the coordinator. */
export type Status = z.infer<typeof Status>;

/** A message of the race: its label, and the number of messages. */
export const RaceItem = z.object({ label: z.string(), last: z.number() });

/** Type of the message that keeps the agent busy. */
export const RACE_HOLD = 'demo.hold';
/** Type of a message of the race. */
export const RACE_ITEM = 'demo.race';
/** Type of the event that releases the busy agent. */
export const RACE_GO = 'demo.go';

/** The name of the fourth agent, in the process of the demo. */
export const COORDINATOR = 'Coordinator';
