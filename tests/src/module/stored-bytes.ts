// Counts the stored bytes of all rows again, as CONTRACT.md defines them.

import { ROW_BYTES } from '@agora/module/contract';
import type { ModuleLab, Row } from '../support/module-lab.ts';

type Find = (table: string, key: string, value: unknown) => Row | undefined;

const bytes = (...texts: unknown[]) => Buffer.byteLength(texts.join(''));
const listOf = (row: Row, column: string) => row[column] as unknown[];

/** The bytes and the charged agent of each row of a table; as CONTRACT.md lists them. */
const COUNTED: Readonly<Record<string, (row: Row, find: Find) => [agent: unknown, bytes: number]>> = {
  message: row => [
    row['sender'],
    ROW_BYTES.message +
      listOf(row, 'deliveries').length * ROW_BYTES.delivery +
      (row['kind'] === 'ask' && row['continues'] === '' ? ROW_BYTES.ask : 0) +
      bytes(row['payload'], row['headers']),
  ],
  signal: (row, find) => [find('ask', 'message', row['ask'])?.['asker'], ROW_BYTES.signal + bytes(row['data'])],
  offer: row => [row['agent'], noticeBytes(row)],
  notice: row => [row['agent'], noticeBytes({ ...row, attempt: 0 })],
  dead_letter: row => [row['sender'], ROW_BYTES.deadLetter + bytes(row['reason'])],
  failed_attempt: row => [row['sender'], ROW_BYTES.failedAttempt + bytes(row['reason'])],
  event_log: row => [row['agent'], ROW_BYTES.event + bytes(row['data'], row['headers'])],
  broadcast_log: row => [row['sender'], ROW_BYTES.broadcast + bytes(row['envelope'])],
  broadcast_handled: row => [row['agent'], ROW_BYTES.broadcastMark],
  broadcast_failure: row => [row['agent'], ROW_BYTES.broadcastMark],
  workflow: row => [row['initiator'], ROW_BYTES.workflow + bytes(row['definition'], row['inputs'], row['headers'])],
  step: (row, find) => [
    find('workflow', 'id', row['workflow'])?.['initiator'],
    ROW_BYTES.step +
      4 * (listOf(row, 'dependencies').length + listOf(row, 'dependents').length) +
      bytes(row['action'], row['requirements'], row['spec'], row['element'], row['error'], row['output']) +
      Number(row['output_bytes']),
  ],
  claim: row => {
    const keys = (listOf(row, 'resources') as [kind: string, key: string][]).map(([, key]) => key); // as the table declares it
    return [row['agent'], ROW_BYTES.claim + keys.length * ROW_BYTES.resource + bytes(row['note'], ...keys)];
  },
  workflow_watch: row => [row['agent'], ROW_BYTES.watch],
  // Timers of which each agent has one are not counted.
  due: row => [row['agent'], row['agent'] === 0 ? 0 : ROW_BYTES.timer + String(row['text']).length],
  agent: row => [row['id'], ROW_BYTES.agent + bytes(row['metadata'], ...listOf(row, 'capabilities'))],
  mailbox: row => [0, String(row['name']).startsWith('@') ? ROW_BYTES.queue : 0],
};

function noticeBytes(row: Row): number {
  const isOwn = row['attempt'] === 0 && row['kind'] !== 'answer' && row['kind'] !== 'cancelled';
  return isOwn ? ROW_BYTES.notice + bytes(row['envelope']) : 0;
}

/** Returns the bytes that each agent is charged for, by its id; of some tables, if they are named. Agents without any are left out. */
export function storedByAgent(lab: ModuleLab, only: readonly string[] = Object.keys(COUNTED)): Record<string, number> {
  const stored: Record<string, number> = {};
  const tables = new Map<string, Row[]>();
  const rowsOf = (table: string) => {
    let rows = tables.get(table);
    if (!rows) tables.set(table, (rows = lab.rows(table)));
    return rows;
  };
  const find: Find = (table, key, value) => rowsOf(table).find(row => row[key] === value);
  for (const table of only) {
    for (const row of rowsOf(table)) {
      const [agent, size] = COUNTED[table]?.(row, find) ?? [0, 0];
      if (size > 0) stored[String(agent)] = (stored[String(agent)] ?? 0) + size;
    }
  }
  return stored;
}

/** Returns the bytes of all agents; of some tables, if they are named. */
export function storedBytes(lab: ModuleLab, only?: readonly string[]): number {
  return Object.values(storedByAgent(lab, only)).reduce((sum, each) => sum + each, 0);
}
