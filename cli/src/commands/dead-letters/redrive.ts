// `agora dead redrive`: sends dead letters to their recipients again.

import { defineCommand } from '../../command/command.ts';
import { selectionInput, settleDeadLetters, type DeadLetterAction } from './settle-dead-letters.ts';

const REDRIVE: DeadLetterAction = {
  done: 'redriven',
  verb: 'Redrive',
  one: (client, no) => client.operator.redrive(no),
  all: (client, filter) => client.operator.redriveAll(filter),
};

export default defineCommand({
  input: selectionInput,
  run: (context, selection) => settleDeadLetters(context, REDRIVE, selection),
});
