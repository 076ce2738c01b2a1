// Runs the code blocks of a page in order, as a reader would.

import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { startTestHub } from '../../support/hub.ts';
import { isExpected, type Block, type PageSource } from './blocks.ts';
import { PageFolder, type ProgramEnd } from './page-folder.ts';
import { startScriptedModel } from './scripted-model.ts';

const BETWEEN = '\u001e';
/** The usual port of a hub, which pages name; a free one takes its place. */
const USUAL_PORT = /\b3000\b/g;
const USUAL_MODEL = 'http://127.0.0.1:11434';

/** Blocks without a name in TypeScript are one program: the page is read from top to bottom. */
export function notebookOf({ items }: PageSource): readonly Block[] {
  return items.flatMap(item => ('block' in item && isCell(item.block) ? [item.block] : []));
}

/** The program of a notebook: imports first, a mark after the output of each block. */
export function notebookProgram(cells: readonly Block[]): string {
  const imports = cells.flatMap(({ code }) => code.match(/^import [^;]*;$/gm) ?? []);
  const bodies = cells.map(({ code }) => code.replace(/^import [^;]*;$/gm, ''));
  const mark = `console.log('${BETWEEN}');\n`;
  return `${[...new Set(imports)].join('\n')}\n${bodies.map(body => `${body}\n${mark}`).join('')}process.exit(0);\n`;
}

/** Runs a page, in a copy of `files` if given. Throws at the first block that does not do what the page says. */
export async function runPage(page: PageSource, files?: string): Promise<void> {
  await using hub = page.hasHub ? await startTestHub() : undefined;
  await using model = await startScriptedModel();
  const port = hub ? new URL(hub.url).port : await freePort();
  const environment = hub && { AGORA_SERVER: hub.url, AGORA_DATABASE: hub.database, AGORA_TOKEN: hub.ownerToken };
  await using folder = new PageFolder(environment ?? { AGORA_SERVER: `http://127.0.0.1:${port}` });
  if (files !== undefined) folder.copy(files);
  const local = (text: string) => text.replace(USUAL_PORT, port).replaceAll(USUAL_MODEL, model.url);
  const cells = notebookOf(page);
  for (const item of page.items) {
    if ('hidden' in item) {
      demand(await folder.shell(local(item.hidden)), 0, item.hidden);
      continue;
    }
    const { block } = item;
    if (block.directive?.startsWith('covered by')) continue;
    if (block.name !== undefined) folder.write(block.name, local(block.code));
    else if (block === cells[0]) await runNotebook(folder, cells, local);
    else if (block.language === 'bash') await runShell(folder, block, local);
    else if (block.directive === 'syntax') await checkSyntax(folder, block);
    else if (!isCell(block)) throw new Error(`line ${block.line}: no test runs this block`);
  }
}

async function runNotebook(folder: PageFolder, cells: readonly Block[], local: (text: string) => string) {
  folder.write('page.ts', local(notebookProgram(cells)));
  const end = await folder.node('page.ts');
  const printed = end.out.split(`${BETWEEN}\n`);
  demand(end, 0, `block ${printed.length} in TypeScript, line ${cells[printed.length - 1]?.line}`);
  for (const [index, cell] of cells.entries()) demandOutput(cell, printed[index] ?? '');
}

async function runShell(folder: PageFolder, block: Block, local: (text: string) => string): Promise<void> {
  const { directive, line } = block;
  const until = /^background until "(.*)"$/.exec(directive ?? '')?.[1];
  if (directive?.startsWith('background')) return folder.background(local(block.code), until ?? '');
  const code = Number(/^exit (\d+)$/.exec(directive ?? '')?.[1] ?? 0);
  const end = await folder.shell(local(block.code), code !== 0);
  demand(end, code, `line ${line}`);
  demandOutput(block, end.out);
}

/** For Python that cannot run here: it uses a package that does not exist, and `await` outside of functions. */
async function checkSyntax(folder: PageFolder, { code, language, line }: Block): Promise<void> {
  if (language !== 'python') throw new Error(`line ${line}: only Python is checked without running it`);
  folder.write('lines.py', code);
  const check = "import ast; compile(open('lines.py').read(), 'lines.py', 'exec', ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)";
  demand(await folder.shell(`python3 -c "${check}"`), 0, `line ${line}`);
}

function isCell({ language, name, directive }: Block): boolean {
  return language === 'ts' && name === undefined && !directive?.startsWith('covered by');
}

function demand({ code, out, err }: ProgramEnd, wanted: number, where: string): void {
  if (code !== wanted) throw new Error(`${where}: ended with ${code}, not ${wanted}\n${out}${err}`);
}

function demandOutput({ output, line }: Block, printed: string): void {
  if (output === undefined || isExpected(printed, output)) return;
  throw new Error(`line ${line}: printed\n${printed}\nwhere the page has\n${output}`);
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  server.close();
  await once(server, 'close');
  return String(port);
}
