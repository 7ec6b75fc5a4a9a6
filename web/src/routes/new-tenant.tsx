import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useState } from 'react';

import { Handle, type Residency, Residency as Residencies } from '#contracts/api/tenants';

import { createTenant, sessionKey } from '../api/accounts.ts';
import { formText } from '../features/form-text.ts';
import { localPath } from '../features/local-path.ts';
import { chooseTenant } from '../features/tenant-choice.ts';
import { m } from '../messages/index.ts';
import { ChoiceCards } from '../ui/choice-cards.tsx';
import { FailureNote } from '../ui/failure-note.tsx';
import { NarrowPage } from '../ui/narrow-page.tsx';
import { TextField } from '../ui/text-field.tsx';

const route = getRouteApi('/person/tenants/new');

const RESIDENCIES = Residencies.options.map((value) => ({ value, ...m.tenant.residencyChoice[value] }));

export function NewTenant() {
  const { next } = route.useSearch();
  const router = useRouter();
  const client = useQueryClient();
  const [handle, setHandle] = useState('');
  const [isHandleOwn, setHandleOwn] = useState(false);
  const [residency, setResidency] = useState<Residency>('pinned');
  const [isWrong, setWrong] = useState(false);
  const submission = useMutation({
    mutationFn: createTenant,
    onSuccess: async (tenant) => {
      chooseTenant(tenant.id);
      await client.invalidateQueries({ queryKey: sessionKey });
      await router.navigate({ href: localPath(next) });
    },
  });
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const isRight = Handle.safeParse(handle).success;
    setWrong(!isRight);
    const name = formText(new FormData(event.currentTarget), 'name').trim();
    if (isRight) submission.mutate({ name, handle, residency });
  }
  return (
    <NarrowPage title={m.tenant.title} lead={m.tenant.lead}>
      <form onSubmit={submit} className="space-y-4.5">
        <TextField
          label={m.tenant.name}
          name="name"
          hint={m.tenant.nameHint}
          maxLength={80}
          autoComplete="organization"
          onChange={(event) => isHandleOwn || setHandle(handleFrom(event.target.value))}
          required
        />
        <TextField
          label={m.tenant.handle}
          name="handle"
          hint={m.tenant.handleHint}
          problem={isWrong ? m.tenant.handleWrong : undefined}
          value={handle}
          maxLength={39}
          autoComplete="off"
          spellCheck={false}
          isFigures
          onChange={(event) => {
            setHandleOwn(true);
            setHandle(event.target.value);
          }}
          required
        />
        <ChoiceCards legend={m.tenant.residency} choices={RESIDENCIES} value={residency} onChange={setResidency} />
        {submission.error && <FailureNote error={submission.error} />}
        <button className="button button-primary w-full" disabled={submission.isPending}>
          {submission.isPending ? m.tenant.working : m.tenant.submit}
        </button>
      </form>
    </NarrowPage>
  );
}

/** A suggestion, as long as no handle was typed. */
function handleFrom(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  return plain
    .replace(/^[^a-z]+/, '')
    .slice(0, 39)
    .replace(/-+$/, '');
}
