import { useMutation } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';

import { signIn } from '../api/accounts.ts';
import { ApiFailure } from '../api/failure.ts';
import { useEnter } from '../features/enter.ts';
import { formText } from '../features/form-text.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { NarrowPage } from '../ui/narrow-page.tsx';
import { TextField } from '../ui/text-field.tsx';

const route = getRouteApi('/sign-in');

export function SignIn() {
  const { next } = route.useSearch();
  const enter = useEnter(next);
  const submission = useMutation({ mutationFn: signIn, onSuccess: enter });
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    submission.mutate({ email: formText(form, 'email'), password: formText(form, 'password') });
  }
  return (
    <NarrowPage title={m.signIn.title}>
      <form onSubmit={submit} className="space-y-4.5">
        <TextField label={m.signIn.email} name="email" type="email" autoComplete="username" required />
        <TextField label={m.signIn.password} name="password" type="password" autoComplete="current-password" required />
        {submission.error && <FailureNote error={submission.error} advice={adviceOn(submission.error)} />}
        <button className="button button-primary w-full" disabled={submission.isPending}>
          {submission.isPending ? m.signIn.working : m.signIn.submit}
        </button>
      </form>
      <p className="mt-6 text-sm text-ink-2">
        {m.signIn.noAccount}{' '}
        <Link to="/sign-up" search={{ next }} className="link">
          {m.signIn.create}
        </Link>
      </p>
    </NarrowPage>
  );
}

/** Everywhere else the same code means that a session has ended. */
function adviceOn(error: Error): string | undefined {
  return error instanceof ApiFailure && error.code === 'unauthenticated' ? m.signIn.checkBoth : undefined;
}
