// `agora open`: opens the dashboard in a browser. The address has a code in its fragment, which no server and no log sees; the
// page exchanges it once, within a minute, for the token of the user.

import { spawn } from 'node:child_process';
import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { defineCommand } from '../../command/command.ts';

const CodeResponse = z.object({ code: z.string() });
const ANSWER_WITHIN_MS = 10_000;

export default defineCommand({
  input: z.object({ print: z.boolean().default(false) }),
  async run(context, { print }) {
    const { output, settings } = context;
    const client = await context.connect();
    const { token = '' } = client;
    const url = new URL(settings.server);
    url.protocol = url.protocol.replace('ws', 'http');
    const base = url.href.endsWith('/') ? url.href : `${url.href}/`;
    const address = `${base}#sign-in=${await newCode(base, token)}`;
    const isOpened = !print && !output.isJson && (await openInBrowser(address, context.io.environment));
    await output.data({ url: address }, () => (isOpened ? `Opened ${base} in your browser.` : address));
    if (!print && !isOpened && !output.isJson) output.note('Open this address within a minute; it works once.');
  },
});

async function newCode(base: string, token: string): Promise<string> {
  const response = await fetch(new URL('sign-in/code', base), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const body: unknown = await response.json().catch(() => undefined);
  const answer = CodeResponse.safeParse(response.ok ? body : undefined);
  if (answer.success) return answer.data.code;
  throw new CliError(
    'cli/no-dashboard',
    `The hub at ${base} serves no dashboard; it was started with --no-dashboard, or is another server.`,
    EXIT.failed,
  );
}

/** Returns true if a program for browsers was started. */
async function openInBrowser(
  address: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const [program, ...words] = browserCommand(address, environment['BROWSER']);
  if (program === undefined) return false;
  return new Promise(resolve => {
    const child = spawn(program, words, { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('exit', code => resolve(code === 0));
    child.once('spawn', () => {
      child.unref();
      // A browser that stays in the foreground has opened the page.
      setTimeout(() => resolve(true), 2_000).unref();
    });
  });
}

function browserCommand(address: string, configured: string | undefined): string[] {
  if (configured) return [configured, address];
  if (process.platform === 'darwin') return ['open', address];
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', address];
  return ['xdg-open', address];
}
