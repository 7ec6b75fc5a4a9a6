/** Whether it settles in time. */
export async function settlesWithin(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  const overdue = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => overdue.resolve(false), limitMs);
  try {
    return await Promise.race([work.then(() => true), overdue.promise]);
  } finally {
    clearTimeout(timer);
  }
}
