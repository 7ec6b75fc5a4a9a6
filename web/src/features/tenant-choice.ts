/**
 * Which tenant the person works for. A tab keeps the one it began with, whatever is chosen in another: nobody acts for a tenant that they
 * did not choose where they act. What was chosen last on this device is what the next tab begins with.
 */
const STORAGE_KEY = 'soma.tenant';
const listeners = new Set<() => void>();
let chosen = sessionStorage.getItem(STORAGE_KEY) ?? localStorage.getItem(STORAGE_KEY);
if (chosen !== null) sessionStorage.setItem(STORAGE_KEY, chosen);

export function chosenTenant(): string | null {
  return chosen;
}

export function chooseTenant(id: string): void {
  chosen = id;
  sessionStorage.setItem(STORAGE_KEY, id);
  localStorage.setItem(STORAGE_KEY, id);
  for (const listener of listeners) listener();
}

export function subscribeToChoice(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
