// `agora dead purge`: deletes dead letters permanently.

import { defineCommand } from '../../command/command.ts';
import { selectionInput, settleDeadLetters, type DeadLetterAction } from './settle-dead-letters.ts';

const PURGE: DeadLetterAction = {
  done: 'purged',
  verb: 'Purge',
  isFinal: true,
  one: (client, no) => client.operator.purge(no),
  all: (client, filter) => client.operator.purgeAll(filter),
};

export default defineCommand({
  input: selectionInput,
  run: (context, selection) => settleDeadLetters(context, PURGE, selection),
});
