import { useState } from 'react';

import type { AddMember } from '#contracts/api/tenants';
import { Role } from '#contracts/permissions';

import { ApiFailure } from '../api/failure.ts';
import { formText } from '../features/form-text.ts';
import { m } from '../messages/index.ts';
import { ChoiceCards } from './choice-cards.tsx';
import { FailureNote } from './failure-note.tsx';
import { TextField } from './text-field.tsx';

export function MemberForm({
  isWorking,
  error,
  onSubmit,
}: {
  isWorking: boolean;
  error: Error | null;
  onSubmit: (request: AddMember) => void;
}) {
  const [role, setRole] = useState<Role>('developer');
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    onSubmit({ email: formText(new FormData(event.currentTarget), 'email').trim(), role });
  }
  return (
    <form onSubmit={submit} className="space-y-4.5">
      <TextField
        label={m.members.email}
        name="email"
        type="email"
        hint={m.members.emailHint}
        autoComplete="off"
        required
      />
      <ChoiceCards
        legend={m.members.role}
        choices={Role.options.map((value) => ({ value, ...m.members.roles[value] }))}
        value={role}
        onChange={setRole}
      />
      {error && <FailureNote error={error} advice={adviceOn(error)} />}
      <button className="button button-primary w-full" disabled={isWorking}>
        {isWorking ? m.members.working : m.members.submit}
      </button>
    </form>
  );
}

/** Everywhere else the same code means that something of the tenant is not there. */
function adviceOn(error: Error): string | undefined {
  return error instanceof ApiFailure && error.code === 'not_found' ? m.members.noAccount : undefined;
}
