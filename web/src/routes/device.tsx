import { useMutation } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { decideDevice } from '../api/accounts.ts';
import { formText } from '../features/form-text.ts';
import { useSession } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { NarrowPage } from '../ui/narrow-page.tsx';
import { TextField } from '../ui/text-field.tsx';

const route = getRouteApi('/person/device');

/** Where a person lets a terminal act as them (RFC 8628 §3.3). */
export function Device() {
  const { user_code: userCode } = route.useSearch();
  return (
    <NarrowPage title={m.device.title} lead={m.device.lead}>
      {userCode ? <Request key={userCode} userCode={userCode} /> : <CodeForm />}
    </NarrowPage>
  );
}

function CodeForm() {
  const navigate = route.useNavigate();
  function submit(event: React.SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const code = formText(new FormData(event.currentTarget), 'code').trim().toUpperCase();
    void navigate({ search: { user_code: code } });
  }
  return (
    <form onSubmit={submit} className="space-y-4.5">
      <TextField label={m.device.code} name="code" autoComplete="off" spellCheck={false} isFigures required />
      <button className="button button-primary w-full">{m.device.next}</button>
    </form>
  );
}

function Request({ userCode }: { userCode: string }) {
  const { data: me } = useSession();
  const decision = useMutation({
    mutationFn: async (approve: boolean) => {
      await decideDevice({ user_code: userCode, approve });
      return approve;
    },
  });
  if (decision.data !== undefined) return <Decided {...(decision.data ? m.device.approved : m.device.denied)} />;
  return (
    <div className="space-y-5">
      <div className="panel space-y-3 p-5">
        <h2 className="font-semibold">{m.device.asks}</h2>
        <p className="figures text-2xl">{userCode}</p>
        <p className="text-sm text-ink-2">{m.device.as(me?.account?.email ?? '')}</p>
      </div>
      {decision.error && <FailureNote error={decision.error} />}
      <div className="grid grid-cols-2 gap-2.5">
        <button type="button" className="button" disabled={decision.isPending} onClick={() => decision.mutate(false)}>
          {m.device.deny}
        </button>
        <button
          type="button"
          className="button button-primary"
          disabled={decision.isPending}
          onClick={() => decision.mutate(true)}
        >
          {m.device.approve}
        </button>
      </div>
    </div>
  );
}

function Decided({ title, body }: { title: string; body: string }) {
  return (
    <output className="panel block p-5">
      <strong className="block font-semibold">{title}</strong>
      <span className="mt-1 block text-ink-2">{body}</span>
    </output>
  );
}
