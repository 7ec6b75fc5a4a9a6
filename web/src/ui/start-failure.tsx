import { Link } from '@tanstack/react-router';

import { ApiFailure } from '../api/failure.ts';
import { m } from '../messages/index.ts';
import { FailureNote } from './failure-note.tsx';

/** Why no run was started. What the installation lacks is given to it in its settings. */
export function StartFailure({ error, installation }: { error: Error; installation: string }) {
  const isLacking =
    error instanceof ApiFailure && (error.missingSecrets.length > 0 || error.code === 'approval_required');
  const settings = (
    <Link to="/installations/$installation/settings" params={{ installation }} className="link">
      {m.settings.ofInstallation}
    </Link>
  );
  return <FailureNote error={error} wayOut={isLacking && settings} />;
}
