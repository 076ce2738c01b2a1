// States as a sign, a word and a colour: the colour alone never carries the meaning.

type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'quiet';

const TONES: Readonly<Record<string, readonly [Tone, string]>> = {
  online: ['good', '●'],
  offline: ['quiet', '○'],
  stale: ['warn', '◐'],
  active: ['good', '●'],
  busy: ['busy', '◆'],
  away: ['quiet', '◌'],
  draining: ['warn', '▽'],
  delayed: ['quiet', '◷'],
  queued: ['quiet', '…'],
  offered: ['busy', '▸'],
  done: ['good', '✓'],
  expired: ['warn', '⌛'],
  dead: ['bad', '✕'],
  cancelled: ['quiet', '⊘'],
  running: ['busy', '▸'],
  ready: ['busy', '▹'],
  paused: ['warn', '❚❚'],
  compensating: ['warn', '↶'],
  succeeded: ['good', '✓'],
  failed: ['bad', '✕'],
  pending: ['quiet', '·'],
  skipped: ['quiet', '⇥'],
  timed_out: ['bad', '⌛'],
  applied: ['good', '✓'],
  refused: ['bad', '✕'],
  accepted: ['good', '✓'],
  answer: ['good', '↩'],
  success: ['good', '✓'],
  error: ['bad', '✕'],
  input_required: ['warn', '?'],
  timeout: ['bad', '⌛'],
  progress: ['busy', '▸'],
  held: ['busy', '◆'],
  waiting: ['quiet', '…'],
  open: ['good', '○'],
  closed: ['warn', '●'],
};

export function toneOf(state: string): Tone {
  return TONES[state]?.[0] ?? 'quiet';
}

export function signOf(state: string): string {
  return TONES[state]?.[1] ?? '·';
}

/** A state as a badge. */
export function State({ state, text }: { readonly state: string; readonly text?: string | undefined }) {
  const known = Object.hasOwn(TONES, state) ? state : 'pending';
  return (
    <span className={`state ${toneOf(known)}`}>
      <span aria-hidden="true" className="sign">
        {signOf(known)}
      </span>
      {(text ?? state).replaceAll('_', ' ').slice(0, 40)}
    </span>
  );
}
