// The words that comments and documents of this repository avoid, each with the plain words to write instead.
// A pattern is a regular expression over lower-case text between word boundaries; it leaves out the technical uses of a word.

/** A word to avoid. `pattern` is matched without case, as whole words. */
export interface AvoidedWord {
  readonly pattern: string;
  readonly use: string;
}

export const AVOIDED_WORDS: readonly AvoidedWord[] = [
  // Pronouns that name no actor.
  { pattern: 'who(?:so)?ever', use: 'the caller, sender, holder, subscriber, client' },
  { pattern: 'whatever', use: 'any, all; or name it' },
  { pattern: 'nobody|no one', use: 'no caller, no agent' },
  { pattern: '(?:some|any)(?:body|one)', use: 'a caller, another client' },
  { pattern: 'everybody', use: 'all agents, all clients' },
  { pattern: 'things?', use: 'name it' },
  { pattern: 'what there is to', use: 'name it' },
  // Speech for the exchange of data.
  { pattern: 'said', use: 'sent, reported, written' },
  { pattern: 'told', use: 'notified, given, reported' },
  { pattern: 'tells?|telling', use: 'reports, notifies, shows' },
  { pattern: 'hears?|heard|hearing', use: 'receives, received' },
  { pattern: '(?:takes?|took|taken|leaves?|left) word', use: 'records, reports' },
  // Verbs of posture for "is".
  { pattern: '(?:stands?|stood|standing)(?! (?:for|alone|by)\\b|-)', use: 'is, holds, applies' },
  {
    pattern: '(?:lies|lay|lain) (?:on|in|at|there|beside|before|behind|within|under|between|with)',
    use: 'is, is stored',
  },
  // Old or literary words with a plain one.
  { pattern: 'anew', use: 'again' },
  { pattern: 'meanwhile', use: 'in the meantime, while, since then' },
  { pattern: '(?:is|are|was|were|be|being|has|have|had) gone', use: 'was removed, ended, disconnected' },
  { pattern: '(?:lets?|letting) go', use: 'releases, unregisters' },
  { pattern: '(?:calls?|called|calling) off', use: 'cancels, cancelled' },
  { pattern: 'as good as', use: 'almost; or name the difference' },
  { pattern: 'in vain', use: 'without effect; or name the error' },
  { pattern: 'by and by', use: 'gradually, later' },
  { pattern: 'for good', use: 'permanently, finally' },
  { pattern: 'for ever|evermore', use: 'permanently, without a limit' },
  { pattern: 'of (?:its|their|his|her) own', use: 'a separate …, its own …' },
  { pattern: 'ma[dk]es? up for', use: 'compensates' },
  { pattern: 'makes? do', use: 'uses instead' },
  { pattern: 'bur(?:y|ies|ied|ying)', use: 'dead-letter, dead-lettered' },
  { pattern: 'heirs?|disinherit(?:s|ed)?', use: 'key takeover, successor' },
  { pattern: 'forgiv(?:e|es|en|ing)|forgave', use: 'tolerates, ignores' },
  {
    pattern: 'lest|whence|hence(?:forth)?|thereof|therein|thereby|wherein|whereby|thus',
    use: 'so that, from where, from it',
  },
  { pattern: 'whilst|amongst|upon|nought|naught|aught', use: 'while, among, on, nothing' },
  { pattern: 'as it were|so to speak|to be sure', use: 'leave it out' },
  {
    pattern: '(?<!\\b(?:all|many|several|much|most|more|[0-9]+|two|three|four|both|them|everything) )at once',
    use: 'immediately, in one call',
  },
  // Metaphors of this repository.
  { pattern: 'desks?', use: 'unit of work' },
  { pattern: 'rooms|(?<=\\b(?:a|each|every|this|which|its) )room(?! (?:for|left)\\b)', use: 'folder, layer' },
  { pattern: 'houses?', use: 'repository' },
];
