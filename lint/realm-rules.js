// The rule that holds the isolation of a module's realm: code that runs beside a hostile module looks up no built-in.
//
// The functions of `host/src/guest/realm/` run in the realm of a module, which may replace every global, method and iterator.
// What they use must be captured before (`primordials.ts`), and they may use nothing of their file but their own lines,
// because they are passed as text.

const MESSAGES = {
  global: '`{{name}}` is looked up when the module may have replaced it: take it from the primordials.',
  outside: '`{{name}}` is outside of the function, which runs as text elsewhere.',
  method: 'A method is looked up when the module may have replaced it: take it from the primordials.',
  iterator: 'This syntax calls the iterator of a built-in, which the module may have replaced.',
  operator: '`{{name}}` calls a method that the module may have replaced.',
  promise: 'A native promise reaches Node.js when it is rejected; see promises.ts.',
  literal:
    'An object that inherits from Object.prototype has the properties that a module defines there: begin with `__proto__`.',
  import: 'The functions of the realm run as text: import types only.',
  binding: 'The error of a host call must not be looked at: write `catch {`.',
};

/** Functions in an object or class that the module receives are called by it; nothing is different for them. */
const captured = {
  meta: {
    type: 'problem',
    schema: [],
    docs: { description: 'Code of the realm uses captured built-ins only.' },
    messages: MESSAGES,
  },
  create(context) {
    const report = (node, messageId, data) => context.report({ node, messageId, data });
    const isHostCalls = context.filename.endsWith('host-calls.ts');
    return {
      'Program:exit'(program) {
        const scopes = context.sourceCode.scopeManager.scopes;
        for (const scope of scopes) {
          for (const reference of scope.references) {
            const { identifier, resolved } = reference;
            if (reference.isValueReference === false || identifier.name === 'undefined') continue;
            if (!resolved || resolved.defs.length === 0) {
              if (identifier.parent.type !== 'TSTypeQuery') report(identifier, 'global', { name: identifier.name });
              continue;
            }
            const isTop = resolved.scope.type === 'module' || resolved.scope.type === 'global';
            const isType = resolved.defs.every(({ type }) => type === 'Type' || type === 'ImportBinding');
            if (isTop && !isType && scope !== resolved.scope) report(identifier, 'outside', { name: identifier.name });
          }
        }
        void program;
      },
      ImportDeclaration(node) {
        if (node.importKind !== 'type') report(node, 'import');
      },
      ':matches(CallExpression, NewExpression)[callee.type="MemberExpression"]': node => report(node, 'method'),
      TaggedTemplateExpression: node => report(node, 'method'),
      ForOfStatement: node => report(node, 'iterator'),
      ForInStatement: node => report(node, 'iterator'),
      ArrayPattern: node => report(node, 'iterator'),
      ':matches(CallExpression, NewExpression) > SpreadElement': node => report(node, 'iterator'),
      'ArrayExpression > SpreadElement': node => report(node, 'iterator'),
      YieldExpression: node => report(node, 'iterator'),
      'BinaryExpression[operator="instanceof"]': node => report(node, 'operator', { name: 'instanceof' }),
      AwaitExpression: node => report(node, 'promise'),
      // A sample of a kind of function is empty.
      ':function[async=true] > BlockStatement > *': node => report(node, 'promise'),
      ObjectExpression(node) {
        const [first] = node.properties;
        const isBare = first?.type === 'Property' && first.key.name === '__proto__' && !first.computed;
        // Objects made before the module runs have own properties only, and their functions are taken from them then.
        if (!isBare && depthOf(node) > 1 && node.parent.type !== 'ReturnStatement' && !isHandler(node)) {
          report(node, 'literal');
        }
      },
      CatchClause(node) {
        if (isHostCalls && node.param) report(node, 'binding');
      },
    };
  },
};

/** The number of functions around a node. */
function depthOf(node) {
  let depth = 0;
  for (let at = node.parent; at; at = at.parent) if (/Function/.test(at.type)) depth++;
  return depth;
}

/** Returns true for the argument of `handlerOf`, which takes the prototype away. */
function isHandler(node) {
  return node.parent.type === 'CallExpression' && node.parent.callee.name === 'handlerOf';
}

/** The rule, for the realm only; `primordials.ts` captures what the others use. */
export const REALM_RULES = [
  {
    files: ['host/src/guest/realm/**/*.ts'],
    ignores: ['host/src/guest/realm/primordials.ts', '**/*.test.ts'],
    plugins: { realm: { rules: { captured } } },
    rules: { 'realm/captured': 'error' },
  },
];
