/** What a public door has instead of a permission is a count of attempts. */
const PERMISSIONS = ['requirePermission', 'requirePerson', 'requireSystem', 'requireOperator', 'countAttempt'];
const EVIDENCE = ['recordAudit', 'auditRecord', 'recordForPerson'];
const TRANSACTIONS = ['transact', 'writeOnce'];
const CHANGES = ['insert', 'update', 'delete'];

/**
 * A verb that writes asks for a permission first and leaves evidence in the same transaction. Whoever opens a transaction or changes rows
 * outside of one is a verb; what works inside another's transaction (`tx`) is a part of that one.
 */
export const verbHasBeats = {
  meta: {
    type: 'problem',
    docs: { description: 'A verb that writes asks for a permission and leaves evidence.' },
    messages: { missing: "'{{verb}}' calls {{write}}() without {{beat}}()." },
    schema: [],
  },
  create(context) {
    const stack = [];
    const enter = (node) => stack.push({ node, called: new Set(), write: undefined });
    const leave = () => {
      const { node, called, write } = stack.pop();
      if (!write || !takesContext(node.fn)) return;
      const report = (beat) =>
        context.report({ node: node.id, messageId: 'missing', data: { verb: node.id.name, write, beat } });
      if (!PERMISSIONS.some((name) => called.has(name))) report('requirePermission');
      if (!EVIDENCE.some((name) => called.has(name))) report('recordAudit');
    };
    return {
      'ExportNamedDeclaration > FunctionDeclaration': (fn) => enter({ fn, id: fn.id }),
      'ExportNamedDeclaration > FunctionDeclaration:exit': leave,
      'ExportNamedDeclaration > VariableDeclaration > VariableDeclarator[init.type="ArrowFunctionExpression"]': ({
        init,
        id,
      }) => enter({ fn: init, id }),
      'ExportNamedDeclaration > VariableDeclaration > VariableDeclarator[init.type="ArrowFunctionExpression"]:exit':
        leave,
      CallExpression({ callee }) {
        const verb = stack.at(-1);
        if (!verb) return;
        if (callee.type === 'Identifier') verb.called.add(callee.name);
        verb.write ??= writeOf(callee);
      },
    };
  },
};

/** `transact(…)`, `ctx.db.insert(…)`, `db.update(…)`. */
function writeOf(callee) {
  if (callee.type === 'Identifier') return TRANSACTIONS.includes(callee.name) ? callee.name : undefined;
  if (callee.type !== 'MemberExpression' || !CHANGES.includes(callee.property.name)) return undefined;
  const { object } = callee;
  const name = object.type === 'MemberExpression' ? object.property.name : object.name;
  return name === 'db' ? `db.${callee.property.name}` : undefined;
}

/** `verb({ ctx, input })`, `verb(ctx, …)`, `verb(platform, …)`: on whose behalf it acts, and with which stores. */
function takesContext({ params: [first] }) {
  if (first?.type === 'Identifier') return ['ctx', 'platform', 'caller'].includes(first.name);
  if (first?.type !== 'ObjectPattern') return false;
  return first.properties.some(({ type, key }) => type === 'Property' && ['ctx', 'platform', 'db'].includes(key.name));
}
