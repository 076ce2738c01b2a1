// What the demo's agents say to each other, checked where it arrives.

import { z } from 'zod';

/** The packages whose pages are written. */
export const PACKAGES = ['client', 'host', 'module'] as const;

/** What `create_initial_docs` leaves: one page a package. */
export const Drafts = z.object({
  pages: z.array(z.object({ folder: z.string(), file: z.string(), exports: z.number() })).min(1),
});
/** The output of `create_initial_docs`. */
export type Drafts = z.infer<typeof Drafts>;

/** What the reviewer asks the writer for. */
export const Revision = z.object({ folder: z.string(), file: z.string(), findings: z.array(z.string()) });

/** What `technical_review` leaves. */
export const Review = z.object({
  report: z.string(),
  pages: z.array(
    z.object({
      folder: z.string(),
      file: z.string(),
      checked: z.number(),
      mended: z.number(),
      open: z.array(z.string()),
    }),
  ),
});
/** The output of `technical_review`. */
export type Review = z.infer<typeof Review>;

/** What `quality_assessment` leaves. */
export const Assessment = z.object({
  report: z.string(),
  pages: z.array(z.object({ folder: z.string(), total: z.number(), described: z.number(), words: z.number() })),
  average: z.number(),
});
/** The output of `quality_assessment`. */
export type Assessment = z.infer<typeof Assessment>;

/** What the crew tells the coordinator: a broadcast has come, the agent is busy, the race is over. */
export const Status = z.discriminatedUnion('status', [
  z.object({ status: z.literal('received'), about: z.string() }),
  z.object({ status: z.literal('busy') }),
  z.object({ status: z.literal('raced'), order: z.array(z.string()) }),
]);
/** One thing the crew tells the coordinator. */
export type Status = z.infer<typeof Status>;

/** One runner of the race: how it is called, and how many there are. */
export const RaceItem = z.object({ label: z.string(), last: z.number() });

/** Types of our own beside the standard ones; the race is run with them. */
export const RACE_HOLD = 'demo.hold';
/** The type of a message that runs in the race. */
export const RACE_ITEM = 'demo.race';
/** The event that lets the busy agent go. */
export const RACE_GO = 'demo.go';

/** The name of the fourth agent, which is the demo itself. */
export const COORDINATOR = 'Coordinator';
