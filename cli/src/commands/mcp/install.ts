// `agora mcp install`: adds the MCP server and its hooks to the settings of a coding agent, or removes them.

import type { InstallPlan } from '@agora/mcp/install';
import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { oneOf } from '../../base/flag-schemas.ts';
import { defineCommand } from '../../command/command.ts';
import { placesOf, programOf } from '../../doctor/coding-agents.ts';
import { CLIENTS } from './definitions.ts';

export default defineCommand({
  input: z.object({ client: oneOf(CLIENTS), remove: z.boolean().default(false), print: z.boolean().default(false) }),
  async run({ io, output, settings }, { client, remove, print }) {
    const { applyPlan, INSTALL_CLIENTS, planInstall, SettingsError } = await import('@agora/mcp/install');
    const places = placesOf(io.environment);
    const program = programOf(settings);
    if (print) {
      for (const { path, change } of INSTALL_CLIENTS[client].files(places)) {
        const text = change(undefined, program) ?? '';
        await output.data({ path, text }, () => `# ${path}\n${text}`);
      }
      return;
    }
    let plan: InstallPlan;
    try {
      plan = await planInstall(client, places, remove ? undefined : program);
    } catch (cause) {
      if (!(cause instanceof SettingsError)) throw cause;
      const sentence = `${cause.message}; add what \`agora mcp install ${client} --print\` shows by hand.`;
      throw new CliError('cli/unwritable', sentence, EXIT.failed, { cause });
    }
    const copies = await applyPlan(plan);
    const files = plan.files.map(({ path }) => path);
    await output.data({ client, files, copies, steps: plan.steps }, () => {
      if (files.length === 0) return `${plan.title}: nothing to change.`;
      return [...files.map(path => `changed ${path}`), ...copies.map(path => `the old file is ${path}`)].join('\n');
    });
    for (const step of plan.steps) output.note(step);
  },
});
