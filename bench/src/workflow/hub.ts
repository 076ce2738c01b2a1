// The hub as a separate process, on disk or in memory; audits its tables at the end.

import { type Hub, startHub } from '@agora/hub';
import { z } from 'zod';
import { countRows, readRows } from '../agora/read-rows.ts';
import { servePart } from '../part.ts';
import { AssignmentRow, auditRows, STATE_COLUMNS, StateRow, STEP_COLUMNS, StepRow } from './audit.ts';

let hub: Hub | undefined;

servePart({
  /** Starts in a folder, or in memory without one. */
  async start(argument) {
    const dataDir = z.string().nullable().parse(argument) ?? undefined;
    hub = await startHub({ port: 0, hostname: '127.0.0.1', dataDir });
    return hub.url;
  },
  async audit(argument) {
    if (!hub) throw new Error('the hub was not started');
    const started = z.number().parse(argument);
    const states = await readRows(hub, `SELECT ${STATE_COLUMNS.join(', ')} FROM workflow_state`, StateRow);
    const steps = await readRows(hub, `SELECT ${STEP_COLUMNS.join(', ')} FROM step`, StepRow);
    const assignments = await readRows(hub, "SELECT step, payload FROM message WHERE kind = 'task'", AssignmentRow);
    const faults = auditRows(started, { states, steps, assignments });
    const counts: [string, string, number][] = [
      ['deliveries that ended as done', "ended WHERE state = 'done'", assignments.length],
      ['deliveries that ended in all', 'ended', assignments.length],
      ['deliveries waiting', 'waiting', 0],
      ['deliveries or notices in inboxes', 'offer', 0],
    ];
    for (const [what, rows, should] of counts) {
      const is = await countRows(hub, rows);
      if (is !== should) faults.push(`the hub counts ${is} ${what}, not ${should}`);
    }
    return faults;
  },
  stop: () => hub?.close(),
});
