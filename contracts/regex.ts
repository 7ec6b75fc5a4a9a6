const MAX_LENGTH = 500;

/** What keeps a publisher's regular expression from being usable, if anything does. */
export function patternFault(pattern: string): string | undefined {
  if (pattern.length > MAX_LENGTH)
    return `the pattern has ${pattern.length} characters; expected at most ${MAX_LENGTH}`;
  try {
    void new RegExp(pattern, 'u');
  } catch (error) {
    return `not a regular expression: ${error instanceof Error ? error.message : String(error)}`;
  }
  return undefined;
}
