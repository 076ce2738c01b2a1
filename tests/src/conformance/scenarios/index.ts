// All scenarios, by the name of their recording.

import type { Session } from '../session.ts';
import { frames } from './frames.ts';
import { handshake } from './handshake.ts';
import { http } from './http.ts';
import { joins } from './joins.ts';
import { lifecycle } from './lifecycle.ts';
import { procedures } from './procedures.ts';
import { publish } from './publish.ts';
import { random } from './random.ts';
import { realm } from './realm.ts';
import { reducers } from './reducers.ts';
import { scans } from './scans.ts';
import { schedules } from './schedules.ts';
import { sql } from './sql.ts';
import { subscriptions } from './subscriptions.ts';
import { types } from './types.ts';
import { views } from './views.ts';

export const SCENARIOS: Readonly<Record<string, (session: Session) => Promise<void>>> = {
  handshake,
  reducers,
  lifecycle,
  realm,
  scans,
  schedules,
  procedures,
  views,
  subscriptions,
  joins,
  frames,
  http,
  sql,
  types,
  publish,
  random,
};
