// Bindings from a bundle: loads the module without a database and reads its description of itself.

import { readFile } from 'node:fs/promises';
import { extractDescription } from '@agora/host/guest';
import { checkModule, decodeModule } from '@agora/host/schema';
import { generateBindings, type GeneratedFiles } from './bindings/generate-bindings.ts';
import { type BindingOptions } from './bindings/module-view.ts';
import { CodegenError } from './codegen-error.ts';

/**
 * Generates the bindings of the module in a bundle file. Throws `bundle/unreadable` without a file, `bundle/invalid` if the
 * bundle is no module or describes an impossible database.
 */
export async function generateFromBundle(bundle: string, options: BindingOptions = {}): Promise<GeneratedFiles> {
  const code = await readFile(bundle, 'utf8').catch((cause: unknown) => {
    throw new CodegenError('bundle/unreadable', `The bundle ${bundle} cannot be read.`, { cause });
  });
  try {
    return generateBindings(checkModule(decodeModule(extractDescription(code))), options);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown)) throw thrown;
    const sentence = `The module in ${bundle} cannot have bindings: ${thrown.message}`;
    throw new CodegenError('bundle/invalid', sentence, { cause: thrown });
  }
}
