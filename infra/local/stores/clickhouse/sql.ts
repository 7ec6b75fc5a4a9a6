const IDENTIFIER = /^[A-Za-z_]\w*$/;
const NUMBER = /^-?\d+(\.\d+)?$/;

export function isIdentifier(text: string): boolean {
  return IDENTIFIER.test(text);
}

export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll(/[\\`]/g, String.raw`\$&`)}\``;
}

/** A setting's value: numbers stay bare, everything else is a string. */
export function quoteLiteral(value: string): string {
  return NUMBER.test(value) ? value : `'${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}

const READ = /^\s*(SELECT|WITH|SHOW|DESC|DESCRIBE|EXISTS|EXPLAIN|\()/i;
const INSERT_WITH_FORMAT = /^\s*INSERT\s+INTO\s[^]*\sFORMAT\s+\w+\s*$/i;
const TRAILING_FORMAT = /\bFORMAT\s+(\w+)\s*(?:SETTINGS\s[^]*)?;?\s*$/i;

export function isRead(sql: string): boolean {
  return READ.test(sql);
}

/** `INSERT … FORMAT X` without rows: they follow in the body. */
export function isInsertWithBody(sql: string): boolean {
  return INSERT_WITH_FORMAT.test(sql);
}

export function formatOf(sql: string): string | undefined {
  return TRAILING_FORMAT.exec(sql)?.[1];
}
