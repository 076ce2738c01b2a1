// The location of the built module, for programs that publish it. Not part of the module itself.

/** The bundle to publish, in the form that `spacetime build` makes. */
export const bundleUrl = new URL('../dist/bundle.js', import.meta.url);
