const BUCKET_LIMIT_MS = 10_000;

/** Deletes them from the bucket, or fails in time: locks are held meanwhile, and others may wait for them. */
export async function deleteObjects(bucket: R2Bucket, keys: string[]): Promise<void> {
  const late = new Promise<never>((_, reject) => {
    const signal = AbortSignal.timeout(BUCKET_LIMIT_MS);
    signal.addEventListener('abort', () => reject(new Error(`the bucket took longer than ${BUCKET_LIMIT_MS} ms`)));
  });
  await Promise.race([bucket.delete(keys), late]);
}
