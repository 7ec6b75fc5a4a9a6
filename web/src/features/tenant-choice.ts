/** Which tenant the person works for, on this device. */
const STORAGE_KEY = 'soma.tenant';
const listeners = new Set<() => void>();

export function chosenTenant(): string | null {
  return localStorage.getItem(STORAGE_KEY);
}

export function chooseTenant(id: string): void {
  localStorage.setItem(STORAGE_KEY, id);
  for (const listener of listeners) listener();
}

export function subscribeToChoice(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
