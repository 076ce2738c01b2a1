// The one error class of the page: a refusal with the code of the hub, or a fault of the connection.

/** A call that was refused or did not arrive. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;

  constructor(code: string, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
  }
}

const REFUSAL = /([a-z-]+\/[a-z-]+): ([^]*)$/;

/** Any thrown value as a refusal: the hub writes `code: sentence`, for a batch a list of those as JSON. */
export function toRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const [, code, sentence] = REFUSAL.exec(text) ?? [];
  if (code === undefined || sentence === undefined) return new Refusal('call/failed', text, { cause: thrown });
  if (code !== 'call/refused') return new Refusal(code, sentence, { cause: thrown });
  const first = firstOf(sentence);
  return new Refusal(first?.code ?? code, first?.message ?? sentence, { cause: thrown });
}

function firstOf(json: string): { readonly code: string; readonly message: string } | undefined {
  try {
    const list: unknown = JSON.parse(json);
    const [first] = Array.isArray(list) ? (list as unknown[]) : [];
    if (typeof first !== 'object' || first === null) return undefined;
    const { code, message } = first as { readonly code?: unknown; readonly message?: unknown };
    return typeof code === 'string' && typeof message === 'string' ? { code, message } : undefined;
  } catch {
    return undefined;
  }
}
