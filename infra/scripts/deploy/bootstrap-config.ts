/**
 * `wrangler.toml` without service bindings and required secrets. The Workers are bound to each other in circles, and Cloudflare refuses a
 * binding to a Worker, and a secret of a Worker, that does not exist: what is missing is made once from this, and deployed whole after that.
 */
export function bootstrapConfig(toml: string): string {
  const kept: string[] = [];
  let isLeftOut = false;
  for (const line of toml.split('\n')) {
    if (line.startsWith('[')) isLeftOut = /^\[\[?(?:env\.[^.\]]+\.)?(?:services|secrets)\]\]?$/.test(line);
    if (!isLeftOut && !line.startsWith('secrets = ')) kept.push(line);
  }
  return kept.join('\n');
}
