// Writes the definition of a step for the module from that of the model.

import type { ModelSpec } from './model-step.ts';

/** The JSON of a step at a position. */
export function definitionOf(spec: ModelSpec, at: number): Record<string, unknown> {
  const { agent, capability, nested, waitsFor, need, onFailure, retries, timeoutMs, when, approval, undo, forEach } =
    spec;
  return {
    id: `s${at}`,
    action: 'do',
    ...(agent !== undefined && { agent }),
    ...(capability !== undefined && { capability }),
    ...(nested && { workflow: { workflow_type: 'nested', steps: nested.map(definitionOf) } }),
    depends_on: waitsFor.map(each => `s${each}`),
    ...(need !== waitsFor.length && { join: need === 1 ? 'any' : { at_least: need } }),
    on_failure: onFailure,
    ...(retries && { retries: { attempts: retries.attempts, backoff_ms: retries.backoffMs } }),
    ...(timeoutMs !== undefined && { timeout_ms: timeoutMs }),
    ...(approval && { approval: { by: approval.by, timeout_ms: approval.timeoutMs, escalate_to: approval.next } }),
    ...(undo && { compensate: { action: 'undo', agent: undo.agent, timeout_ms: undo.timeoutMs } }),
    ...(forEach && { for_each: { step: `s${forEach.at}`, path: 'list', concurrency: forEach.concurrency } }),
    ...(when && {
      when: {
        step: `s${when.at}`,
        ...(when.status !== undefined && { status: when.status }),
        ...(when.equals !== undefined && { output: { path: 'n', equals: when.equals } }),
      },
    }),
  };
}
