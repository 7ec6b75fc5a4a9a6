const MOST_BATCHES = 20;

/** Takes steps, which answer how many they dealt with, as long as one is full; what is left after twenty waits for the next sweep. */
export async function inBatches(size: number, step: () => Promise<number>): Promise<void> {
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) if ((await step()) < size) return;
}
