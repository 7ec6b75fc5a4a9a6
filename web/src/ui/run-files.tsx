import { Download } from 'lucide-react';

import type { ArtifactLink } from '#contracts/api/artifacts';

import { bytes } from '../messages/format.ts';
import { m } from '../messages/index.ts';

/** The files that a run left, each as a download. */
export function RunFiles({ files }: { files: readonly ArtifactLink[] }) {
  return (
    <section>
      <h2 className="mb-2 text-base">{m.run.files.title}</h2>
      <ul className="divide-y divide-line border-y border-line text-sm">
        {files.map((file) => (
          <li key={file.path} className="flex items-center gap-4 py-2">
            <FileName file={file} />
            <span className="figures ml-auto flex-none text-xs text-ink-3">{bytes(file.sizeBytes)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function FileName({ file: { path, url, state } }: { file: ArtifactLink }) {
  if (url === null) {
    return (
      <span className="min-w-0 text-ink-2 wrap-anywhere">
        {path} <span className="text-ink-3">{state === 'lost' ? m.run.files.lost : m.run.files.pending}</span>
      </span>
    );
  }
  return (
    <a href={url} download className="link inline-flex min-w-0 items-center gap-1.5 wrap-anywhere">
      <Download aria-hidden className="size-3.5 shrink-0" />
      {path}
    </a>
  );
}
