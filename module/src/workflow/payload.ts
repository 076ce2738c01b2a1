// Payloads of the messages about steps: JSON objects joined from member texts, since outputs are stored as text and may be large.

import { LIMITS } from '../contract/limits.ts';
import type { StepInputs } from '../contract/wire.ts';
import type { Run } from './run.ts';
import { isBad, type Step } from './step.ts';

/** The members of a wire type as JSON texts. An optional member that is undefined is left out. */
export type MemberTexts<Wire> = { readonly [Member in keyof Wire]: string };

/** The JSON text of an object, with its members in the order of `members`. Member names need no escapes. */
export function objectText<Wire>(members: MemberTexts<Wire>): string {
  let text = '';
  for (const name in members) {
    const member: string | undefined = members[name];
    if (member !== undefined) text += `${text === '' ? '{' : ','}"${name}":${member}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/** The outputs of the steps that a step depends on, and the errors of those that failed. */
export function inputTexts(run: Run, step: Step): MemberTexts<StepInputs> {
  const inputs: string[] = [];
  const failures: string[] = [];
  const list = run.specOf(step).forEach?.position;
  let length = 0;
  for (const position of step.dependencies) {
    const dependency = run.step(position);
    // Each element gets its part of the list as `element`.
    if (!dependency || dependency.endedAt === 0n || position === list) continue;
    const name = JSON.stringify(dependency.name);
    length += dependency.output.length;
    inputs.push(`${name}:${dependency.output || 'null'}`);
    if (isBad(dependency)) failures.push(`${name}:${JSON.stringify(dependency.error)}`);
  }
  // A thousand outputs of 256 KiB do not fit into a message; agents read them with the steps.
  const areOmitted = length > LIMITS.inputsLength;
  return {
    inputs: areOmitted ? '{}' : `{${inputs.join(',')}}`,
    inputs_omitted: areOmitted ? 'true' : undefined,
    failures: failures.length > 0 ? `{${failures.join(',')}}` : undefined,
  };
}
