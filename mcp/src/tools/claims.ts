import type { AgoraClient, ClaimInfo } from '@agora/client';
import * as z from 'zod';
import { McpError } from '../base/mcp-error.ts';
import { claimPath, repositoryOf, shownPath, type Repository } from '../base/repository.ts';
import { clip, fitting, MAX_ANSWER_BYTES, RESERVED_BYTES } from '../base/size.ts';
import { inbox } from './fields.ts';
import { defineTool } from './tool.ts';
import { waitMs, withProgress } from './waiting.ts';

const Input = z.object({
  action: z.enum(['claim', 'release', 'list']),
  paths: z.array(z.string()).optional().describe('files, folders, src/**, or name:anything'),
  shared: z.boolean().optional().describe('for readers'),
  note: z.string().optional(),
  timeout_s: z.number().optional().describe('seconds to wait'),
});
type Input = z.output<typeof Input>;

/** `claims`: claims files before they are changed, releases them, and shows who holds what. */
export const claims = defineTool({
  name: 'claims',
  description: 'Claim files before you edit them; release them after (no paths: all yours). list shows who holds what.',
  input: Input,
  output: z.looseObject({ claims: z.array(z.looseObject({})), inbox }),
  annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
  async run(session, input, call) {
    const client = await session.open();
    const cwd = process.env['CLAUDE_PROJECT_DIR'] || process.cwd();
    const repository = await repositoryOf(cwd);
    const targets = targetsOf(input, repository, cwd);
    switch (input.action) {
      case 'claim': {
        if (targets.length === 0) throw new McpError('mcp/bad-input', 'A claim needs paths.', 'Name them in paths.');
        const { shared, note, timeout_s = 0 } = input;
        const timeoutMs = waitMs(Math.max(0, timeout_s), call);
        const claiming = client.claim(targets, { shared, note, timeoutMs, signal: call.signal });
        const { id } = await withProgress(call, 'waiting for the claim', claiming);
        return answer(
          (await client.claims({ agent: client.name })).filter(claim => claim.id === id),
          repository,
        );
      }
      case 'release':
        return answer(await release(client, targets), repository);
      case 'list':
        return answer(await client.claims(targets.length === 0 ? {} : { on: targets }), repository);
    }
  },
});

type Target = { readonly path: string } | { readonly name: string };

function targetsOf({ paths = [] }: Input, repository: Repository | undefined, cwd: string): Target[] {
  return paths.map(path => {
    const name = /^name:(.+)$/.exec(path)?.[1];
    if (name !== undefined) return { name };
    const key = claimPath(repository, cwd, path);
    if (key !== undefined && key !== '') return { path: key };
    throw new McpError('mcp/bad-input', `"${path}" is outside of the project.`, 'Use paths of the project.');
  });
}

/** Releases the claims of the agent that name one of the targets; all without targets. */
async function release(client: AgoraClient, targets: readonly Target[]): Promise<ClaimInfo[]> {
  const keys = new Set(targets.map(target => ('path' in target ? `path:${target.path}` : `name:${target.name}`)));
  const own = await client.claims({ agent: client.name });
  const released = own.filter(
    ({ resources }) => keys.size === 0 || resources.some(({ kind, key }) => keys.has(`${kind}:${key}`)),
  );
  await Promise.all(released.map(({ id }) => client.releaseClaim(id)));
  return released;
}

function answer(found: readonly ClaimInfo[], repository: Repository | undefined): object {
  const shown = found.map(({ id, agent, resources, state, shared, number, until, note }) => ({
    id,
    agent,
    resources: resources.map(({ kind, key }) => (kind === 'name' ? `name:${key}` : shownPath(repository, key))),
    state,
    shared,
    number,
    until: until.toISOString(),
    note: clip(note, 200),
  }));
  const claims = fitting(shown, MAX_ANSWER_BYTES - RESERVED_BYTES);
  return { claims, ...(claims.length < shown.length && { total: shown.length }) };
}
