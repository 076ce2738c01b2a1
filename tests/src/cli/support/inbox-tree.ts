// A tree of inbox files: many messages, and one file for each reason why a file is not sent.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The files that stay in the tree, with the code of the reason. */
export const LEFT: Readonly<Record<string, string>> = {
  'Ada/inbox/x-binary.json': 'file/not-text',
  'Ada/inbox/x-broken.json': 'file/broken',
  'Ada/inbox/x-broken.yaml': 'file/broken',
  'Ada/inbox/x-empty.json': 'file/empty',
  'Ada/inbox/x-expired.json': 'file/expired',
  'Ada/inbox/x-huge.json': 'file/too-large',
  'Ada/inbox/x-image.png': 'file/unknown-kind',
  'Ada/inbox/x-large.json': 'message/too-large',
  'Ada/inbox/x-link.json': 'file/link',
  'Ada/inbox/x-loop': 'file/link',
  'Ada/inbox/x-pipe.json': 'file/not-a-file',
  'Ada/inbox/x-standard.json': 'message/bad-payload',
  'Ada/inbox/x-type.json': 'message/bad-type',
  'Ada/inbox/x-who.json': 'message/unknown-recipient',
  'stray.json': 'file/no-recipient',
};

/** The files and folders that are skipped. */
export const SKIPPED = ['Ada/inbox/.hidden.json', 'Ada/inbox/half.json.tmp', 'Ada/processed'] as const;

/** Makes a tree for Ada and Grace with this many messages `{ n }`, and all files of `LEFT` and `SKIPPED`. */
export function makeTree(root: string, messages: number): void {
  for (let n = 0; n < messages; n++) {
    const payload = { n };
    write(`${n % 2 === 0 ? 'Ada' : 'Grace'}/inbox/${String(n).padStart(6, '0')}.json`, {
      ...{ from_agent: 'Old', message_type: 'note', priority: 'high', timestamp: '2024-01-01T00:00:00Z', payload },
    });
  }
  const ada = 'Ada/inbox';
  write(`${ada}/x-binary.json`, Buffer.from([0xff, 0xfe, 0, 1]));
  write(`${ada}/x-broken.json`, '{"n":');
  write(`${ada}/x-broken.yaml`, 'a: [1,');
  write(`${ada}/x-empty.json`, '\n');
  write(`${ada}/x-expired.json`, { payload: 1, expires_at: '2020-01-01' });
  write(`${ada}/x-huge.json`, `"${'x'.repeat(3_000_000)}"`);
  write(`${ada}/x-image.png`, 'no picture');
  write(`${ada}/x-large.json`, { payload: 'x'.repeat(300_000) });
  symlinkSync('000000.json', join(root, ada, 'x-link.json'));
  symlinkSync('..', join(root, ada, 'x-loop'));
  execFileSync('mkfifo', [join(root, ada, 'x-pipe.json')]);
  write(`${ada}/x-standard.json`, { type: 'task_assignment', payload: {} });
  write(`${ada}/x-type.json`, { type: '9 lives!', payload: {} });
  write(`${ada}/x-who.json`, { to: 'Grce', payload: {} });
  write('stray.json', { payload: 1 });
  write(`${ada}/.hidden.json`, {});
  write(`${ada}/half.json.tmp`, '{');
  write('Ada/processed/old.json', { payload: 'handled long ago' });

  function write(path: string, content: string | Buffer | object): void {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    const isText = typeof content === 'string' || Buffer.isBuffer(content);
    writeFileSync(file, isText ? content : JSON.stringify(content));
  }
}

/** Paths of all files of any kind below a folder, relative to it. Links are not followed. */
export function filesBelow(folder: string, path = ''): string[] {
  return readdirSync(join(folder, path), { withFileTypes: true })
    .flatMap(each => {
      const below = join(path, each.name);
      return each.isDirectory() ? filesBelow(folder, below) : [below];
    })
    .sort();
}
