// Public entry `@agora/host/schema`.

import { decodeModule } from './decode.ts';
import { type ModuleDef } from './definition.ts';
import { type RawModule } from './raw.ts';
import { validateModule } from './validate.ts';

export {
  type AlgebraicType,
  isScheduleAt,
  isUnit,
  optionInner,
  type ProductElement,
  type ProductType,
  resultSides,
  specialName,
} from '../sats/type.ts';
export type * from './definition.ts';
export type { RawModule } from './raw.ts';
export { moduleJson } from './module-json.ts';
export { toCase } from './words.ts';
export type { CheckedModule } from './checked-module.ts';
export { checkModule, validateModule } from './validate.ts';
export { decodeModule } from './decode.ts';

/**
 * Decodes and checks the result of `__describe_module__`. Throws `HostError` `schema/invalid` with every fault, one a
 * line.
 */
export function describeModule(bytes: Uint8Array): { raw: RawModule; def: ModuleDef } {
  const raw = decodeModule(bytes);
  return { raw, def: validateModule(raw) };
}
