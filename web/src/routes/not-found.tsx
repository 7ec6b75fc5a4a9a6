import { Link } from '@tanstack/react-router';

import { m } from '../messages/index.ts';
import { PageTitle } from '../ui/page-title.tsx';

export function NotFound() {
  const { title, body, home } = m.shell.notFound;
  return (
    <>
      <PageTitle title={title} lead={body} />
      <Link to="/" className="button">
        {home}
      </Link>
    </>
  );
}
