const PERMISSIONS = ['requirePermission', 'requirePerson', 'requireSystem', 'requireOperator'];

/** A verb that writes asks for a permission first and leaves evidence in the same transaction. */
export const verbHasBeats = {
  meta: {
    type: 'problem',
    docs: { description: 'A verb that writes asks for a permission and leaves evidence.' },
    messages: { missing: "'{{verb}}' calls {{write}}() without {{beat}}()." },
    schema: [],
  },
  create(context) {
    const stack = [];
    return {
      'ExportNamedDeclaration > FunctionDeclaration'(node) {
        stack.push({ node, called: new Set() });
      },
      CallExpression(node) {
        if (stack.length > 0 && node.callee.type === 'Identifier') stack.at(-1).called.add(node.callee.name);
      },
      'ExportNamedDeclaration > FunctionDeclaration:exit'() {
        const { node, called } = stack.pop();
        if (!takesCtx(node)) return;
        const write = ['transact', 'writeOnce'].find((name) => called.has(name));
        if (!write) return;
        const report = (beat) =>
          context.report({ node: node.id, messageId: 'missing', data: { verb: node.id.name, write, beat } });
        if (!PERMISSIONS.some((name) => called.has(name))) report('requirePermission');
        if (!called.has('recordAudit') && !called.has('auditRecord')) report('recordAudit');
      },
    };
  },
};

/** `verb({ ctx, input })`: what a verb looks like from outside. */
function takesCtx(fn) {
  const [first] = fn.params;
  if (first?.type !== 'ObjectPattern') return false;
  return first.properties.some((property) => property.type === 'Property' && property.key.name === 'ctx');
}
