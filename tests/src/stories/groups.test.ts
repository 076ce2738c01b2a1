// Groups: joined, sent to, left.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('a group', () => {
  test('is addressed by name: each member receives once, but not the sender, nor a former member', async () => {
    const received = new Received<string>();
    const members = await Promise.all(['Ann', 'Ben', 'Cas', 'Dan'].map(name => hub.join(name)));
    for (const member of members) {
      await member.joinGroup('#reviewers');
      await member.subscribeToMessages('note', ({ to }) => received.add(`${member.name} ${to.join()}`));
    }
    const [ann, , , dan] = members;
    await dan?.leaveGroup('#reviewers');
    expect(await ann?.groups()).toEqual([{ name: '#reviewers', members: 3 }]);
    expect((await ann?.groupMembers('#reviewers'))?.sort()).toEqual(['Ann', 'Ben', 'Cas']);

    const sent = await ann?.sendMessage({ to: '#reviewers', messageType: 'note', payload: {} });

    expect([...(await received.atLeast(2))].sort()).toEqual(['Ben #reviewers', 'Cas #reviewers']);
    const status = await ann?.messageStatus(sent?.messageId ?? '');
    expect(status?.map(({ agent }) => agent).sort()).toEqual(['Ben', 'Cas']);
  });

  test('by invitation is joined by invited agents, and its members see who joins and leaves', async () => {
    const [owner, guest, stranger] = await Promise.all(['Owner', 'Guest', 'Stranger'].map(name => hub.join(name)));
    await owner?.createGroup('#board', { policy: 'invitation' });
    await expect(stranger?.joinGroup('#board')).rejects.toMatchObject({ code: 'group/not-invited' });
    await owner?.inviteToGroup('#board', 'Guest');
    await guest?.joinGroup('#board');
    await owner?.removeFromGroup('#board', 'Guest');
    expect(await owner?.groupChanges('#board', { after: 1n })).toMatchObject({
      owner: 'Owner',
      policy: 'invitation',
      changes: [
        { no: 2n, agent: 'Guest', change: 'joined' },
        { no: 3n, agent: 'Guest', change: 'left' },
      ],
    });
    await expect(guest?.groupChanges('#board')).rejects.toMatchObject({ code: 'group/unknown' });
  });

  test('without members is unknown, and its members are hidden from other agents', async () => {
    const inside = await hub.join('Inside');
    const outside = await hub.join('Outside');
    await inside.joinGroup('closed');
    const sending = outside.sendMessage({ to: '#nobody', messageType: 'note', payload: {} });
    await expect(sending).rejects.toMatchObject({ code: 'message/unknown-recipient' });
    await expect(outside.groupMembers('#closed')).rejects.toMatchObject({ code: 'group/unknown' });
    await expect(outside.joinGroup('# no name')).rejects.toMatchObject({ code: 'group/bad-name' });
  });
});
