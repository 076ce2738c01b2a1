// Public API: bundles a SpacetimeDB module, generates its bindings, and compares or updates a folder of bindings.

export { type BindingOptions } from './bindings/module-view.ts';
export { type GeneratedFiles } from './bindings/generate-bindings.ts';
export { buildModule, type BuildOptions } from './bundle/build-module.ts';
export { CodegenError, type CodegenErrorCode } from './codegen-error.ts';
export { generateFromBundle } from './generate-from-bundle.ts';
export { compareFolder, type Drift, updateFolder } from './output-folder.ts';
