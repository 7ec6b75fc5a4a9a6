import { useMutation } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';

import { type Cell, CELLS } from '#contracts/cells';

import { signUp } from '../api/accounts.ts';
import { useEnter } from '../features/enter.ts';
import { formText } from '../features/form-text.ts';
import { nearestCell } from '../features/nearest-cell.ts';
import { m } from '../messages/index.ts';
import { ChoiceCards } from '../ui/choice-cards.tsx';
import { FailureNote } from '../ui/failure-note.tsx';
import { NarrowPage } from '../ui/narrow-page.tsx';
import { TextField } from '../ui/text-field.tsx';

const route = getRouteApi('/sign-up');
const MIN_PASSWORD_LENGTH = 10;

const REGIONS = CELLS.map((cell) => ({
  value: cell,
  title: (
    <span className="flex items-baseline gap-2">
      {m.region[cell].zone}
      <span className="figures text-xs font-normal text-ink-3">{`${m.region[cell].place}, ${cell}`}</span>
    </span>
  ),
  hint: m.region[cell].meaning,
}));

export function SignUp() {
  const { next } = route.useSearch();
  const [region, setRegion] = useState<Cell>(nearestCell);
  const [isShort, setShort] = useState(false);
  const enter = useEnter(next ?? '/tenants/new');
  const submission = useMutation({ mutationFn: signUp, onSuccess: enter });
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const password = formText(form, 'password');
    setShort(password.length < MIN_PASSWORD_LENGTH);
    if (password.length < MIN_PASSWORD_LENGTH) return;
    submission.mutate({ name: formText(form, 'name').trim(), email: formText(form, 'email'), password, region });
  }
  return (
    <NarrowPage title={m.signUp.title}>
      <form onSubmit={submit} className="space-y-4.5">
        <TextField label={m.signUp.name} name="name" autoComplete="name" maxLength={80} required />
        <TextField label={m.signUp.email} name="email" type="email" autoComplete="username" maxLength={254} required />
        <TextField
          label={m.signUp.password}
          name="password"
          type="password"
          autoComplete="new-password"
          maxLength={128}
          hint={m.signUp.passwordHint}
          problem={isShort ? m.signUp.passwordShort : undefined}
          required
        />
        <ChoiceCards
          legend={m.signUp.region}
          lead={m.signUp.regionLead}
          choices={REGIONS}
          value={region}
          onChange={setRegion}
        />
        {submission.error && <FailureNote error={submission.error} />}
        <button className="button button-primary w-full" disabled={submission.isPending}>
          {submission.isPending ? m.signUp.working : m.signUp.submit}
        </button>
      </form>
      <p className="mt-6 text-sm text-ink-2">
        {m.signUp.haveAccount}{' '}
        <Link to="/sign-in" search={{ next }} className="link">
          {m.signUp.signIn}
        </Link>
      </p>
    </NarrowPage>
  );
}
