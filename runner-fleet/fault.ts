/** Hears of what went wrong where nobody waits for an answer; it is logged and counted. */
export type OnFault = (what: string, error: unknown) => void;

/** Does what the caller goes on without. Never throws and never rejects: what goes wrong is reported, and that is all that comes of it. */
export async function orReport(onFault: OnFault, what: string, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    onFault(what, error);
  }
}
